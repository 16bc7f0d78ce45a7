import { readStatus, type StatusSource } from '../../../cli/status-read';
import type { StatusView } from '../../../cli/status-report';
import { StatusWatch } from '../../../cli/status-watch';
import { MemoryRegistry } from '../../../registry/memory/memory-registry';
import { RegistryError } from '../../../registry/port';
import { instance, registration } from '../../support/registrations';
import { VirtualClock } from '../../support/virtual-clock';

let clock: VirtualClock;
let registry: MemoryRegistry;
let ending: AbortController;
let told: StatusView[];
let running: Promise<void>;

beforeEach(async () => {
  clock = new VirtualClock();
  registry = new MemoryRegistry(clock);
  ending = new AbortController();
  told = [];
  await registry.register(registration(instance('calculator'), { ttlMs: 1_000_000 }));
});

async function follow(service?: string): Promise<void> {
  const first = await readStatus(registry, service);
  const watch = new StatusWatch(first, service, { source: registry, clock, onView: (view) => told.push(view) });
  running = watch.run(ending.signal);
  await clock.advanceAsync(0);
}

async function end(): Promise<void> {
  ending.abort();
  await running;
  await registry.close();
  expect(clock.pendingTimers()).toBe(0);
}

/** `calculator-1:passing`, of the view told last. */
function lastTold(): string {
  const instances = told.at(-1)?.services.flatMap((service) => service.instances) ?? [];
  return instances.map(({ id, health }) => `${id}:${health}`).join(' ');
}

describe('a followed status', () => {
  it('tells what changes, once, and nothing while nothing does', async () => {
    await follow('calculator');
    await clock.advanceAsync(60_000);
    expect(told).toEqual([]);
    await registry.beat('calculator-1', 'critical', 'its disk is full');
    await clock.advanceAsync(20_000);
    expect(told).toHaveLength(1);
    expect(lastTold()).toBe('calculator-1:critical');
    await end();
  });

  it('keeps the last view while the registry is away, and says since when', async () => {
    await follow('calculator');
    const wentAtMs = clock.unixMs();
    registry.setAway(true);
    await clock.advanceAsync(30_000);
    expect(told).toHaveLength(1);
    expect(told[0]?.away).toEqual({ reason: expect.stringContaining('away') as string, sinceUnixMs: wentAtMs });
    expect(lastTold()).toBe('calculator-1:passing');
    registry.setAway(false);
    await clock.advanceAsync(0);
    expect(told.at(-1)?.away).toBeUndefined();
    await end();
  });

  it('finds services that are registered later, unless one was named', async () => {
    await follow();
    await registry.register(registration(instance('billing'), { ttlMs: 1_000_000 }));
    await clock.advanceAsync(10_000);
    expect(told.at(-1)?.services.map(({ service }) => service)).toEqual(['billing', 'calculator']);
    await end();
  });

  it('goes on showing a service whose last instance left', async () => {
    await follow();
    await registry.deregister('calculator-1');
    await clock.advanceAsync(60_000);
    expect(told.at(-1)?.services).toEqual([{ service: 'calculator', instances: [] }]);
    await end();
  });

  it('waits for a service that is not there yet', async () => {
    await follow('billing');
    await registry.register(registration(instance('billing'), { ttlMs: 1_000_000 }));
    await clock.advanceAsync(0);
    expect(lastTold()).toBe('billing-1:passing');
    await end();
  });

  it('notices a registry that goes away while it follows nothing', async () => {
    await registry.deregister('calculator-1');
    await follow();
    registry.setAway(true);
    await clock.advanceAsync(10_000);
    expect(told.at(-1)).toMatchObject({ services: [], away: { reason: expect.stringContaining('away') as string } });
    await end();
  });
});

describe('a token that may read little', () => {
  const denied = new RegistryError('permission-denied', 'Consul at 127.0.0.1:8500: ping: HTTP 403, Permission denied');
  const source = (): StatusSource => ({
    description: registry.description,
    ping: () => Promise.reject(denied),
    services: () => registry.services(),
    snapshot: (query) => registry.snapshot(query),
    watch: (query, listener, signal) => registry.watch(query, listener, signal),
  });

  it('is enough to see a service, though not the version of the registry', async () => {
    const view = await readStatus(source(), 'calculator');
    expect(view.services[0]?.instances).toHaveLength(1);
    expect(view.registry).toMatchObject({ version: null, leader: null });
    await registry.close();
  });

  it('is told apart from a service that is not registered', async () => {
    await expect(readStatus(source(), 'billing')).rejects.toBe(denied);
    await registry.close();
  });
});
