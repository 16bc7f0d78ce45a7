/**
 * Counts calls by method, and attempts by method and instance, until somebody takes the counts to tell them. It is touched
 * when an attempt or a call ends and at no other time, and holds only what was not taken yet.
 */
import type { InstanceTally, MethodTallies, MethodTally } from '../core/measure/method-tally';

interface Counted {
  calls: number;
  failuresSeen: number;
  failuresHidden: number;
  readonly instances: Map<string, { attempts: number; failures: number }>;
}

/** Beyond it nothing new is counted until the next taking: a report has bounds, and so has memory. */
const MOST_METHODS = 100;
const MOST_INSTANCES = 100;
/** Rows of one taking; each is some hundred bytes on the wire. */
const MOST_ROWS = 200;

export class MethodCounts {
  private readonly methods = new Map<string, Counted>();

  attemptEnded(method: string, instance: string, failed: boolean): void {
    const instances = this.of(method)?.instances;
    if (instances === undefined) return;
    let counted = instances.get(instance);
    if (counted === undefined) {
      if (instances.size >= MOST_INSTANCES) return;
      counted = { attempts: 0, failures: 0 };
      instances.set(instance, counted);
    }
    counted.attempts += 1;
    if (failed) counted.failures += 1;
  }

  callEnded(method: string, failuresSeen: number, failuresHidden: number): void {
    const counted = this.of(method);
    if (counted === undefined) return;
    counted.calls += 1;
    counted.failuresSeen += failuresSeen;
    counted.failuresHidden += failuresHidden;
  }

  /** What was counted and not taken yet; what is too much for one message stays for the next. Each count is taken once. */
  take(): MethodTallies {
    const taken: [string, MethodTally][] = [];
    let rows = 0;
    for (const [method, { instances, ...counts }] of this.methods) {
      rows += 1 + instances.size;
      if (rows > MOST_ROWS && taken.length > 0) break;
      taken.push([method, { ...counts, instances: Object.fromEntries<InstanceTally>(instances) }]);
      this.methods.delete(method);
    }
    return Object.fromEntries(taken);
  }

  private of(method: string): Counted | undefined {
    const known = this.methods.get(method);
    if (known !== undefined || this.methods.size >= MOST_METHODS) return known;
    const made: Counted = { calls: 0, failuresSeen: 0, failuresHidden: 0, instances: new Map() };
    this.methods.set(method, made);
    return made;
  }
}
