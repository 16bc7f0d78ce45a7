/**
 * How agents probe their servers in tests in which no probe is what is tested. A machine that is busy with other tests is
 * no ill server: one answer in two seconds is enough, and a single verdict counts, so that patience costs little time.
 */
export const PATIENT_PROBE = { interval: '2s', timeout: '2s', fall: 1, of: 1, rise: 1 } as const;
