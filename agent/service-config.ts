/**
 * The configuration of one service as the loops use it: checked, complete, durations in ms. What a user may write is
 * decided in agent/config-schema.ts.
 */
import type { NOfMOptions } from '../core/detect/n-of-m';
import type { RestartPolicy } from '../core/decide/restart';
import type { Instance } from '../core/domain/instance';
import type { MembershipTiming } from './membership-loop';
import type { ProbeTiming } from './probe-loop';

export interface ProbeConfig extends ProbeTiming {
  readonly type: 'grpc' | 'tcp';
  readonly service: string;
  readonly onUnimplemented: 'pass' | 'fail';
  readonly detector: NOfMOptions;
}

export interface ServiceConfig {
  readonly instance: Omit<Instance, 'epoch' | 'owner'>;
  readonly register: 'after-first-pass' | 'at-once';
  readonly membership: MembershipTiming;
  readonly probe: ProbeConfig;
  /** `graceMs`: between maintenance and leaving, without a child. `timeoutMs`: from SIGTERM to SIGKILL of the child. */
  readonly drain: { readonly graceMs: number; readonly timeoutMs: number };
  readonly restart: RestartPolicy;
  /** The server runs on its own, and is ended when it is ill: the process whose command line contains `match`. */
  readonly neighbour?: { readonly match: string };
}
