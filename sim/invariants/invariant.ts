/**
 * One rule that holds at every step of every run. It hears what happens, compares it with the truth, and complains; it is
 * written against the promise, not against the code that keeps it.
 */
import type { ClientOptions } from '../../client/options';
import type { Health } from '../../core/domain/health';
import type { RestartPolicy } from '../../core/decide/restart';
import type { Truth } from '../truth';
import type { WorldListener } from '../world-listener';

export interface InvariantPorts {
  readonly truth: Truth;
  readonly options: ClientOptions;
  readonly restart: RestartPolicy;
  readonly recoveryAtOnce: number;
  readonly tierOf: (instance: string) => number;
  /** What the catalog says. */
  readonly healthOf: (instance: string) => Health | undefined;
  readonly violate: (sentence: string) => void;
}

export type Invariant = (ports: InvariantPorts) => Partial<WorldListener>;
