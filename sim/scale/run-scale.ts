/**
 * One run of a fleet: it starts, failures roll through it, and then it has some time to come back. Deterministic by its seed,
 * but for what the machine adds: time, memory.
 */
import { Engine } from '../engine';
import { Fleet, type FleetShape } from './fleet';
import { Reach, type WayReach } from './reach';
import { rollFailures, WAYS, type Way } from './rolling-failures';

export interface ScaleResult {
  readonly seed: number;
  readonly shape: FleetShape & { readonly services: number; readonly watches: number };
  readonly simulatedMs: number;
  readonly events: number;
  readonly fingerprint: string;
  readonly calls: Reach['calls'];
  readonly reach: Readonly<Record<Way, WayReach>>;
  /** What had not converged when the time was over; empty: all had. */
  readonly missing: string;
  readonly machine: {
    readonly tookS: number;
    readonly eventsPerS: number;
    readonly heapMb: number;
    readonly rssMb: number;
  };
}

/** A service lets one instance recover at a time, and three may hang. */
const CONVERGE_MS = 45_000;
const LOOK_EVERY_MS = 500;

/** @param onLook hears how far it is, ms of simulated time */
export async function runScale(seed: number, shape: FleetShape, onLook: (nowMs: number) => void): Promise<ScaleResult> {
  const startedMs = performance.now();
  const engine = new Engine();
  const reach = new Reach(engine);
  const fleet = new Fleet(engine, seed, shape, reach);
  fleet.onServerStart = (instance) => reach.serverStarted(instance);
  const lastMs = rollFailures(fleet, (failure) => reach.failed(failure));
  fleet.start();
  let heapMb = 0;
  let missing: string;
  do {
    await engine.run(engine.nowMs + LOOK_EVERY_MS);
    heapMb = Math.max(heapMb, process.memoryUsage().heapUsed / 2 ** 20);
    missing = reach.missing() || wrongInCatalog(fleet);
    onLook(engine.nowMs);
  } while (engine.nowMs < lastMs + CONVERGE_MS && (engine.nowMs <= lastMs || missing !== ''));
  const simulatedMs = engine.nowMs;
  fleet.stop();
  const tookS = (performance.now() - startedMs) / 1_000;
  const [dies, hangs, dark] = WAYS.map((way) => reach.of(way)) as [WayReach, WayReach, WayReach];
  return {
    ...{ seed, simulatedMs, events: engine.events, fingerprint: reach.fingerprint.text, calls: reach.calls, missing },
    shape: { ...shape, services: fleet.services.size, watches: fleet.watches },
    reach: { dies, hangs, dark },
    machine: { tookS, eventsPerS: engine.events / tookS, heapMb, rssMb: process.resourceUsage().maxRSS / 1_024 },
  };
}

function wrongInCatalog({ members, catalogs }: Fleet): string {
  for (const [id, { service }] of members) {
    const health = catalogs.get(service)?.healthOf(id);
    if (health !== 'passing') return `the catalog says ${health} of ${id}`;
  }
  return '';
}
