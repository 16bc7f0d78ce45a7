/** The ways of calling that are compared, and what their processes are told and answer. Types and names, no deeds. */

/** Understudy as it comes, beside what others do. */
export const WAYS = ['raw', 'Understudy', 'round robin', 'naive loop', 'HAProxy', 'nginx'] as const;
/** Understudy as it can be set. */
export const SETTINGS = [
  'raw',
  'Understudy',
  'Understudy, no hedging',
  'Understudy, Prometheus',
  'Understudy, round robin',
  'Understudy, random',
  'Understudy, weighted',
  'Understudy, least request',
] as const;
export type VariantName = (typeof WAYS)[number] | (typeof SETTINGS)[number];

/** The services in Consul: a primary and a backup, and the same two servers as equals. */
export const PAIR = 'calculator';
export const EQUALS = 'calculator-equals';

/** Each `127.0.0.1:PORT`; '' for a proxy that is not installed. */
export interface CallPathTargets {
  readonly primary: string;
  readonly backup: string;
  readonly consul: string;
  readonly haproxy: string;
  readonly nginx: string;
}

export interface RoundRequest {
  readonly concurrency: number;
  readonly calls: number;
}

/** What one variant did in one round. */
export interface Round {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the client's process, user and system, per 1000 calls. */
  readonly cpuMsPer1000: number;
  readonly attemptsPerCall: number;
}
