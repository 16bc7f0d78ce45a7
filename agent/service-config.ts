/**
 * The configuration of one service as the loops use it: checked, complete, durations in ms. What a user may write is
 * decided in agent/config-schema.ts.
 */
import type { PleaPolicy } from '../core/decide/client-plea';
import type { NOfMOptions } from '../core/detect/n-of-m';
import type { LoadLimits } from '../core/detect/process-load';
import type { RestartPolicy } from '../core/decide/restart';
import type { Instance } from '../core/domain/instance';
import type { GuardConfig } from './fleet-guard';
import type { MembershipTiming } from './membership-loop';
import type { ProbeTiming } from './probe-loop';

export interface ProbeConfig extends ProbeTiming {
  readonly type: 'grpc' | 'tcp' | 'http' | 'exec';
  readonly service: string;
  readonly onUnimplemented: 'pass' | 'fail';
  /** Of `grpc`: follow Health/Watch too. */
  readonly watch?: boolean;
  /** Of `http`. */
  readonly url?: string;
  /** Of `exec`. */
  readonly command?: readonly [string, ...string[]];
  readonly detector: NOfMOptions;
  /** So many times as long as usual is slow; 0 or left out: nothing is. */
  readonly slowFactor?: number;
}

/** The probe of what all servers share. */
export interface DependencyConfig extends Omit<ProbeConfig, 'detector' | 'slowFactor'> {
  readonly address: string;
  readonly port: number;
  /** For people, `tcp 10.0.0.9:5432`. */
  readonly what: string;
  /** So many passes in a row until a server may be accused again. */
  readonly rise: number;
}

/** How the process of a child is watched. */
export interface ProcessConfig {
  readonly intervalMs: number;
  readonly limits: LoadLimits;
}

/** One rung of the ladder: what is done to an ill server, and how often before the next one. */
export type RungConfig = { readonly attempts: number; readonly timeoutMs: number } & (
  | { readonly type: 'exec'; readonly command: readonly [string, ...string[]] }
  | {
      readonly type: 'signal';
      readonly signal: NodeJS.Signals;
      readonly pidFile?: string;
      readonly match?: string;
    }
  | { readonly type: 'child' }
  | { readonly type: 'webhook'; readonly url: string; readonly secretFile?: string; readonly retries: number }
  | { readonly type: 'docker'; readonly container: string; readonly socket: string }
  | { readonly type: 'systemd'; readonly unit: string }
);

/** A rung that needs no child of ours. */
export type HookRung = Exclude<RungConfig, { type: 'child' }>;

/** A program that is run on the way back. */
export interface ProgramConfig {
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

export interface RecoveryConfig {
  /** Lowest first; empty: the child or the neighbour alone. */
  readonly ladder: readonly RungConfig[];
  readonly graceMs: number;
  readonly restore?: ProgramConfig;
  readonly check?: ProgramConfig;
  /** What clients must show to be believed; nothing: they are not. */
  readonly clients?: PleaPolicy;
}

export interface ServiceConfig {
  readonly instance: Omit<Instance, 'epoch' | 'owner'>;
  readonly register: 'after-first-pass' | 'at-once';
  readonly membership: MembershipTiming;
  readonly probe: ProbeConfig;
  /** Left out: nobody looks. */
  readonly process?: ProcessConfig;
  /** `graceMs`: between maintenance and leaving, without a child. `timeoutMs`: from SIGTERM to SIGKILL of the child. */
  readonly drain: { readonly graceMs: number; readonly timeoutMs: number };
  readonly restart: RestartPolicy;
  readonly recovery: RecoveryConfig;
  readonly guard: GuardConfig;
  /** What is done for another instance of the service whose agent is gone; nothing: nobody is looked after. */
  readonly guardian: { readonly afterMs: number; readonly onLost: readonly RungConfig[] };
  /** What all servers of the service share. */
  readonly dependency?: DependencyConfig;
  /** Planned failovers of the service: a cron expression, and how long the backup carries the calls. */
  readonly drill?: { readonly schedule: string; readonly forMs: number };
  /** The server runs on its own, and is ended when it is ill: the process whose command line contains `match`. */
  readonly neighbour?: { readonly match: string };
}
