/** A drill as agents carry it out, on a virtual clock and beside a memory registry: one of them, and no order left behind. */
import { Drill } from '../../../agent/drill';
import { MemoryJournal } from '../../../agent/journal/memory-journal';
import { takeUp } from '../../../agent/journal/open-journal';
import type { BeatHealth } from '../../../core/domain/health';
import { foldIncidents, type Incident } from '../../../core/domain/incident-record';
import { settingsKey } from '../../../core/domain/order';
import { readServiceText, type ServiceText } from '../../../core/domain/service-text';
import { serviceReport } from '../../../core/measure/service-report';
import { MemoryRegistry } from '../../../registry/memory/memory-registry';
import { readSetting, RegistryError } from '../../../registry/port';
import { VirtualClock } from '../../support/virtual-clock';
import { serviceConfig } from './bench';

const KEY = settingsKey('calculator');

let clock: VirtualClock;
let registry: MemoryRegistry;
let journal: MemoryJournal;
let said: string[];
let incident: string | undefined;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  clock = new VirtualClock();
  registry = new MemoryRegistry(clock);
  journal = new MemoryJournal();
  said = [];
  incident = undefined;
  stops = [];
  await registry.writeSetting(KEY, '{"spillOver":false}');
  await tell('one', 'passing');
  await tell('two', 'passing');
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await registry.close();
});

async function tell(id: string, health: BeatHealth): Promise<void> {
  const instance = { ...serviceConfig(id).instance, tier: id === 'one' ? 0 : 1, epoch: 1, owner: 'a' };
  const times = { ttlMs: 3_600_000, deregisterAfterMs: 3_600_000 };
  await registry.register({ instance, ...times, health, reason: 'the test says so' });
}

function start(owner: string, change: Partial<MemoryRegistry> = {}): { due: () => void; stop: () => Promise<void> } {
  const ending = new AbortController();
  const drill = new Drill(
    { service: 'calculator', owner, forMs: 30_000, settledMs: 15_000 },
    {
      registry: Object.assign(Object.create(registry) as MemoryRegistry, change),
      journal,
      clock,
      log: { write: (_level, message) => void said.push(`${owner}: ${message}`) },
      incident: () => incident,
    },
  );
  const running = drill.run(ending.signal);
  const stop = async (): Promise<void> => {
    ending.abort();
    await clock.advanceAsync(4000);
    await running;
  };
  stops.push(stop);
  return { due: () => drill.due(), stop };
}

async function text(): Promise<ServiceText | undefined> {
  return readServiceText(await readSetting(registry, KEY));
}

const lead = async (): Promise<readonly string[] | undefined> => (await text())?.order?.lead;
const drills = async (): Promise<readonly Incident[]> => foldIncidents(await journal.read());

it('moves the calls for its time and back, keeps what else is set, and is on record as no fault', async () => {
  const { due } = start('a');
  due();
  await clock.advanceAsync(100);
  const { order, settings } = (await text()) ?? {};
  expect(order).toEqual({
    lead: ['two'],
    atUnixMs: expect.any(Number) as number,
    untilUnixMs: order!.atUnixMs + 30_000,
  });
  expect(settings).toMatchObject({ spillOver: false });
  await clock.advanceAsync(29_000);
  expect(await lead()).toEqual(['two']);
  await clock.advanceAsync(1000);
  expect(await text()).toMatchObject({ order: { lead: [] }, settings: { spillOver: false } });
  const incidents = await drills();
  expect(incidents).toMatchObject([
    { service: 'calculator', instance: 'two', phase: 'closed', outcome: 'drilled', downTimes: [] },
  ]);
  expect(incidents[0]?.steps.map(({ kind, sentence }) => `${kind}: ${sentence}`)).toEqual([
    'drill: all 2 instances are passing; two leads for 30 s',
    'closed: two led for 30 s, and all 2 kept well',
  ]);
  const nowUnixMs = clock.unixMs();
  const report = serviceReport({
    ...{
      service: 'calculator',
      sinceUnixMs: nowUnixMs - 3_600_000,
      nowUnixMs,
      minutes: [],
      methods: {},
      moves: [],
      incidents,
    },
    observations: [{ instance: 'two', sinceUnixMs: 0 }],
  });
  expect(report).toMatchObject({ outages: 0, availability: 1, mtbfMs: null });
});

it('is carried out by one of all agents whose time has come', async () => {
  const agents = ['a', 'b', 'c'].map((owner) => start(owner));
  for (const { due } of agents) due();
  await clock.advanceAsync(100_000);
  expect(await drills()).toHaveLength(1);
  expect(said.filter((line) => line.includes('has seen to the drill'))).toHaveLength(2);
  for (const { due } of agents) due();
  await clock.advanceAsync(100_000);
  expect(await drills()).toHaveLength(2);
});

it('is not begun while the service is not whole, which is said once and not by each agent', async () => {
  await tell('two', 'warning');
  const agents = ['a', 'b'].map((owner) => start(owner));
  for (const { due } of agents) due();
  await clock.advanceAsync(40_000);
  expect(said.filter((line) => line.includes('calculator: no drill: two is warning'))).toHaveLength(1);
  expect(said.filter((line) => line.includes('has seen to the drill: no drill: two is warning'))).toHaveLength(1);
  expect(await lead()).toBeUndefined();
  expect(await drills()).toEqual([]);
});

it('is over at once when an instance falls ill', async () => {
  start('a').due();
  await clock.advanceAsync(5000);
  await tell('one', 'critical');
  await clock.advanceAsync(10);
  expect(await lead()).toEqual([]);
  expect((await drills())[0]).toMatchObject({ outcome: 'cut-short' });
  expect(said.at(-1)).toContain('one is critical: the test says so');
});

it('is over within a second when an incident begins that the catalog does not show', async () => {
  start('a').due();
  await clock.advanceAsync(5000);
  incident = 'one-x';
  await clock.advanceAsync(1100);
  expect(await lead()).toEqual([]);
});

it("leaves an operator's order alone, before and meanwhile", async () => {
  const ordered = { lead: ['one'], atUnixMs: clock.unixMs() + 5001 };
  const { due } = start('a');
  due();
  await clock.advanceAsync(5000);
  await registry.writeSetting(KEY, JSON.stringify({ order: ordered }));
  await clock.advanceAsync(60_000);
  expect((await text())?.order).toEqual(ordered);
  due();
  await clock.advanceAsync(1000);
  expect((await text())?.order).toEqual(ordered);
  expect(said.at(-1)).toContain("no drill: one leads by an operator's order");
});

it('takes its order back before the agent ends', async () => {
  const { due, stop } = start('a');
  due();
  await clock.advanceAsync(5000);
  await stop();
  expect(await lead()).toEqual([]);
  expect((await drills())[0]).toMatchObject({ outcome: 'cut-short' });
  expect(said.at(-1)).toContain('the agent ends');
});

it('of an agent that dies is ended by the next one that has the lock, and closed in its journal at its next start', async () => {
  const first = start('a', { writeSetting: (key, written) => (dead ? hang() : registry.writeSetting(key, written)) });
  let dead = false;
  const hang = (): Promise<void> => new Promise(() => undefined);
  first.due();
  start('b').due();
  await clock.advanceAsync(5000);
  const left = await drills();
  expect(left).toMatchObject([{ phase: 'drill' }]);
  // Dead: its lock is free, and nothing that it writes arrives.
  dead = true;
  void first.stop();
  await clock.advanceAsync(20_000);
  expect(await lead()).toEqual([]);
  const kept = new MemoryJournal();
  for (const { id, steps, ...rest } of left) for (const step of steps) kept.append({ incident: id, ...rest, ...step });
  const adopted = await takeUp(kept, { owner: 'a', services: [serviceConfig('two')] }, clock);
  expect(adopted).toEqual([]);
  expect(foldIncidents(await kept.read())).toMatchObject([{ phase: 'closed', outcome: 'cut-short' }]);
});

it('is not begun while the registry is away, and its order ends by itself when it is away at the end', async () => {
  let away = false;
  const failing: Partial<MemoryRegistry> = {
    writeSetting: (...write) =>
      away ? Promise.reject(new RegistryError('unavailable', 'no leader')) : registry.writeSetting(...write),
  };
  const { due } = start('a', failing);
  due();
  await clock.advanceAsync(5000);
  away = true;
  await clock.advanceAsync(60_000);
  const end = new Date((await text())!.order!.untilUnixMs!).toISOString();
  expect(said).toContain(`a: calculator: the order is not taken back; it ends by itself at ${end}: no leader`);
  due();
  await clock.advanceAsync(1000);
  expect(said.at(-1)).toBe('a: calculator: no drill: no leader');
});
