/**
 * Says whether everything is as it should be: servers well, the catalog right, every caller at the best tier with all that it
 * keeps connected fit, and its safe calls answered.
 */
import { status } from '@grpc/grpc-js';
import { failbackHoldMs } from '../core/decide/failover';
import { failoverOptions, parseClientOptions } from '../client/options';
import type { Fitness } from '../core/detect/fitness';
import type { World } from './world';
import type { WorldListener } from './world-listener';

const LOOK_EVERY_MS = 100;
/** So long it must stay so. */
const STEADY_MS = 2_000;

export class Convergence implements Partial<WorldListener> {
  /** Since when all has been well without a break; null while it is not. */
  convergedMs: number | null = null;
  readonly calls = { all: 0, failedSafe: 0, failedUnsafe: 0 };
  private readonly active = new Map<string, number>();
  private readonly failovers = new Map<string, number>();
  private readonly fitness = new Map<string, Map<string, Fitness>>();
  private readonly views = new Map<string, ReadonlyMap<string, string>>();
  private lastFailureMs = -Infinity;

  constructor(private readonly world: World) {}

  /** How long the callers of this run may have to hold a failback. */
  get longestHoldMs(): number {
    const most = Math.max(0, ...this.failovers.values());
    return failbackHoldMs(most + 1, failoverOptions(parseClientOptions({})));
  }

  /** Runs the world until it has converged, at the latest until `endMs`. */
  async await(endMs: number): Promise<void> {
    const { engine } = this.world;
    let steady = false;
    const look = (): void => {
      if (this.missing() !== '') this.convergedMs = null;
      else this.convergedMs ??= engine.nowMs;
      steady = this.convergedMs !== null && engine.nowMs - this.convergedMs >= STEADY_MS;
      engine.at(engine.nowMs + LOOK_EVERY_MS, look, true);
    };
    look();
    await this.world.run(endMs, () => steady);
  }

  /** What is not as it should be; empty when all is. */
  missing(): string {
    const { hosts, callers, consul, engine } = this.world;
    for (const [id, { isRunning, server }] of hosts) if (!isRunning || !server.isWell) return `${id} is not well`;
    for (const id of hosts.keys()) {
      const said = consul.healthOf(id);
      const stale = [...callers.keys()].find((caller) => this.views.get(caller)?.get(id) !== said);
      if (stale !== undefined) return `${stale} still believes ${this.views.get(stale)?.get(id)} of ${id}`;
      if (said !== 'passing') return `the catalog says ${said} of ${id}`;
    }
    for (const caller of callers.keys()) {
      const why = this.missingAt(caller);
      if (why !== '') return why;
    }
    return engine.nowMs - this.lastFailureMs < 1_000 ? 'a safe call failed' : '';
  }

  /** The best tier is active, and everybody whom it keeps connected is fit. */
  private missingAt(caller: string): string {
    const instances = [...this.world.hosts.keys()];
    const best = Math.min(...instances.map((id) => this.world.tierOf(id)));
    if (this.active.get(caller) !== best) return `${caller} is at tier ${this.active.get(caller)}`;
    const connected = instances.filter((id) => this.world.tierOf(id) <= best + 1);
    const ill = connected.find((id) => this.fitness.get(caller)?.get(id) !== 'fit');
    return ill === undefined ? '' : `${caller} finds ${ill} ${this.fitness.get(caller)?.get(ill)}`;
  }

  readonly onCall = (): void => {
    this.calls.all += 1;
  };

  readonly onCallEnd: WorldListener['onCallEnd'] = ({ isSafe }, { code }) => {
    if (code === status.OK) return;
    if (!isSafe) {
      this.calls.failedUnsafe += 1;
      return;
    }
    this.calls.failedSafe += 1;
    this.lastFailureMs = this.world.engine.nowMs;
  };

  readonly onEndpoint: WorldListener['onEndpoint'] = (caller, { id, fitness }) => {
    const known = this.fitness.get(caller) ?? new Map<string, Fitness>();
    this.fitness.set(caller, known.set(id, fitness));
  };

  readonly onView: WorldListener['onView'] = (caller, entries) => {
    this.views.set(caller, new Map(entries.map(({ id, health }) => [id, health])));
  };

  readonly onTierChange: WorldListener['onTierChange'] = (caller, { kind, to }) => {
    this.active.set(caller, to);
    if (kind === 'failover') this.failovers.set(caller, (this.failovers.get(caller) ?? 0) + 1);
  };
}
