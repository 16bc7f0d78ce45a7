import { OperatorDrain } from '../../../agent/operator-drain';
import { MemoryRegistry } from '../../../registry/memory/memory-registry';
import { instance, registration } from '../../support/registrations';
import { VirtualClock } from '../../support/virtual-clock';

const clock = new VirtualClock();
const log = { write: () => undefined };
let registry: MemoryRegistry;
let stopper: AbortController;
let runs: Promise<void>[];

beforeEach(async () => {
  registry = new MemoryRegistry(clock);
  stopper = new AbortController();
  runs = [];
  await registry.register(registration(instance('calculator'), { ttlMs: 86_400_000 }));
});
afterEach(async () => {
  stopper.abort();
  await Promise.all(runs);
  await registry.close();
});

function begin(): OperatorDrain {
  const drain = new OperatorDrain({ service: 'calculator', instance: 'calculator-1' }, { registry, clock, log });
  runs.push(drain.run(stopper.signal));
  return drain;
}

async function entry(): Promise<{ readonly health: string; readonly reason: string } | undefined> {
  await clock.advanceAsync(0);
  return (await registry.snapshot({ service: 'calculator' })).instances[0];
}

it('keeps an instance in maintenance for the wished time, with its reason and its end, and not longer', async () => {
  const drain = begin();
  drain.drain('new disk', 60_000);
  expect(await entry()).toMatchObject({ health: 'maintenance' });
  expect((await entry())?.reason).toMatch(/drained until 2026-01-01T00:01:\d\d\.\d{3}Z: new disk$/);
  await clock.advanceAsync(59_000);
  expect((await entry())?.health).toBe('maintenance');
  await clock.advanceAsync(2000);
  expect((await entry())?.health).toBe('passing');
  expect(drain.drained).toBe(false);
});

it('ends early when an operator says so, and only once', async () => {
  const drain = begin();
  expect(drain.undrain()).toBe(false);
  drain.drain('new disk', 60_000);
  expect((await entry())?.health).toBe('maintenance');
  expect(drain.undrain()).toBe(true);
  expect(drain.undrain()).toBe(false);
  expect((await entry())?.health).toBe('passing');
});

it('is taken up by another run of the agent, which ends it in time', async () => {
  begin().drain('new disk', 60_000);
  expect((await entry())?.health).toBe('maintenance');
  stopper.abort();
  stopper = new AbortController();
  const next = begin();
  expect((await entry())?.health).toBe('maintenance');
  expect(next.drained).toBe(true);
  await clock.advanceAsync(61_000);
  expect((await entry())?.health).toBe('passing');
});

it("touches nobody else's maintenance", async () => {
  await registry.setMaintenance('calculator-1', true, 'by hand');
  const drain = begin();
  await clock.advanceAsync(120_000);
  expect(drain.drained).toBe(false);
  expect(await entry()).toMatchObject({ health: 'maintenance', reason: expect.stringContaining('by hand') as string });
});

it('waits for a registry that does not answer, and says it again to one that forgot', async () => {
  registry.setAway(true);
  const drain = begin();
  drain.drain('new disk', 60_000);
  await clock.advanceAsync(5000);
  registry.setAway(false);
  await clock.advanceAsync(2000);
  expect((await entry())?.health).toBe('maintenance');
  await registry.setMaintenance('calculator-1', false, '');
  await clock.advanceAsync(11_000);
  expect((await entry())?.health).toBe('maintenance');
});
