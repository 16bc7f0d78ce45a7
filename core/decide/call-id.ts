/**
 * What a call id looks like: one id for one wish of a caller, the same for every attempt to fulfil it. It begins with the
 * time of the wish, so that a server that had to forget old ids can tell an old id from a new one.
 */

/** The key in the metadata of a call. */
export const CALL_ID_KEY = 'understudy-call-id';

export interface CallId {
  readonly text: string;
  /** Unix time in ms of the caller's clock. */
  readonly stampMs: number;
}

/** Unix ms, a dash, and what makes it unique. */
const FORMAT = /^(\d{13})-[A-Za-z0-9_-]{16,64}$/;

/** @param unique at least 96 random bits as 16 to 64 letters, digits, `-` and `_` */
export function formatCallId(unixMs: number, unique: string): string {
  return `${Math.floor(unixMs)}-${unique}`;
}

/** @returns null for a text that is no call id */
export function parseCallId(text: string): CallId | null {
  const stamp = FORMAT.exec(text)?.[1];
  return stamp === undefined ? null : { text, stampMs: Number(stamp) };
}
