/**
 * Measures how long a fleet takes to act: from a failure until each client that sent calls to the instance does not any more,
 * and from the start of its new process until they do again. It looks at what clients hold for true, and touches nothing.
 */
import { status } from '@grpc/grpc-js';
import type { Engine } from '../engine';
import { Fingerprint } from '../fingerprint';
import type { WorldListener } from '../world-listener';
import type { Failure, Way } from './rolling-failures';

interface Followed extends Failure {
  /** Clients that found it fit when it fell, and so sent calls to it. */
  readonly users: ReadonlySet<string>;
  readonly leftMs: Map<string, number>;
  /** Since when they have found it fit again. */
  readonly backMs: Map<string, number>;
  /** When its new process began to listen. */
  startedMs: number | null;
}

export interface WayReach {
  readonly failures: number;
  /** For each client of each instance, ms. */
  readonly leaveMs: readonly number[];
  /** The new process listened before the client had noticed anything. */
  readonly unnoticed: number;
  readonly returnMs: readonly number[];
}

export class Reach implements Partial<WorldListener> {
  readonly calls = { all: 0, lostSafe: 0, failedUnsafe: 0 };
  readonly fingerprint = new Fingerprint();
  private readonly usersOf = new Map<string, Set<string>>();
  private readonly followed = new Map<string, Followed>();

  constructor(private readonly engine: Engine) {}

  failed(failure: Failure): void {
    const users = new Set(this.usersOf.get(failure.instance));
    this.followed.set(failure.instance, { ...failure, users, leftMs: new Map(), backMs: new Map(), startedMs: null });
  }

  serverStarted(instance: string): void {
    const followed = this.followed.get(instance);
    if (followed !== undefined) followed.startedMs = this.engine.nowMs;
  }

  /** Who has not come back yet, or has not been started; empty when everything has converged. */
  missing(): string {
    for (const { instance, users, leftMs, backMs, startedMs } of this.followed.values()) {
      if (startedMs === null) return `${instance} has not been started again`;
      for (const user of users)
        if (leftMs.has(user) && !backMs.has(user)) return `${user} does not use ${instance} again`;
    }
    return '';
  }

  of(way: Way): WayReach {
    const all = [...this.followed.values()].filter((one) => one.way === way);
    return {
      failures: all.length,
      leaveMs: all.flatMap(({ leftMs, atMs }) => [...leftMs.values()].map((leftAtMs) => leftAtMs - atMs)),
      unnoticed: all.reduce((sum, { users, leftMs }) => sum + users.size - leftMs.size, 0),
      returnMs: all.flatMap(({ backMs, startedMs }) => [...backMs.values()].map((at) => at - (startedMs ?? at))),
    };
  }

  readonly onEndpoint: WorldListener['onEndpoint'] = (caller, { id, fitness }) => {
    const { nowMs } = this.engine;
    this.fingerprint.mix(`${nowMs} ${caller} ${id} ${fitness}`);
    const users = this.usersOf.get(id) ?? new Set();
    this.usersOf.set(id, users);
    if (fitness === 'fit') users.add(caller);
    else users.delete(caller);
    const followed = this.followed.get(id);
    if (followed?.users.has(caller) !== true) return;
    const { leftMs, backMs } = followed;
    if (fitness !== 'fit') {
      backMs.delete(caller);
      if (!leftMs.has(caller)) leftMs.set(caller, nowMs);
    } else if (leftMs.has(caller)) backMs.set(caller, nowMs);
  };

  readonly onCallEnd: WorldListener['onCallEnd'] = ({ id, isSafe }, { code }) => {
    this.fingerprint.mix(`${this.engine.nowMs} ${id} ${code}`);
    this.calls.all += 1;
    if (code === status.OK) return;
    if (isSafe) this.calls.lostSafe += 1;
    else this.calls.failedUnsafe += 1;
  };
}
