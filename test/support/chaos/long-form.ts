/** `UNDERSTUDY_CHAOS=long` plays every row of the chaos tests; `npm test` plays those that tell most. */
export const LONG_CHAOS = process.env['UNDERSTUDY_CHAOS'] === 'long';
