/** What an agent does about clients that find its server unfit, on a virtual clock: the server's own probe passes. */
import type { PleaPolicy } from '../../../core/decide/client-plea';
import type { RungConfig } from '../../../agent/service-config';
import { Bench, NOT_SERVING, serviceConfig } from './bench';

const systemd: RungConfig = { type: 'systemd', attempts: 1, timeoutMs: 5000, unit: 'calculator.service' };

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

interface Change {
  readonly clients?: PleaPolicy;
  readonly ladder?: readonly RungConfig[];
  readonly child?: boolean;
  readonly minHealthy?: number;
}

async function begin({ clients, ladder = [], child = false, minHealthy = 0 }: Change): Promise<void> {
  const recovery = { ladder, graceMs: 3000, ...(clients && { clients }) };
  const guard = { atOnce: 1, minHealthy };
  bench = await new Bench([serviceConfig('calculator-1', { recovery, guard })], { child }).start();
  await bench.pass(2000);
}
const one: PleaPolicy = { trust: 'witnesses', witnesses: 1 };

it('does nothing unless it is told to hear clients', async () => {
  await begin({ ladder: [systemd] });
  expect(bench.plead('a')).toContain('does not hear clients');
  await bench.pass(5000);
  expect(bench.hooks.runs).toEqual([]);
  expect(await bench.incidents()).toEqual([]);
});

it('runs the ladder as for any illness, and keeps it as an incident that a client began', async () => {
  await begin({ clients: one, ladder: [systemd] });
  expect(bench.plead('web:7')).toBeUndefined();
  await bench.pass(100);
  expect(await bench.health()).toBe('critical');
  await bench.pass(3000);
  expect(bench.hooks.runs).toHaveLength(1);
  expect(bench.hooks.runs[0]?.reason).toContain('client web:7 finds it unfit: its last 3 calls failed');
  await bench.pass(30_000);
  expect(await bench.health()).toBe('passing');
  const [incident] = await bench.incidents();
  expect(incident).toMatchObject({ outcome: 'recovered', cause: expect.stringContaining('client web:7') as string });
  expect(incident?.steps.map(({ source, kind }) => `${source} ${kind}`)).toEqual([
    ...['client detected', 'guard decided', 'ladder decided', 'ladder acting', 'ladder acted', 'ladder decided'],
    ...['probe verified', 'registry rejoined', 'agent closed'],
  ]);
  expect(bench.hooks.runs).toHaveLength(1);
});

it('starts its child anew, by its own bounds', async () => {
  await begin({ clients: one, child: true });
  expect(bench.plead('a')).toBeUndefined();
  await bench.pass(5000);
  expect(bench.processes.launches).toBe(2);
  expect(bench.processes.mostAlive).toBe(1);
  expect(await bench.health()).toBe('passing');
});

it('hears nobody else while it acts', async () => {
  await begin({ clients: one, ladder: [systemd] });
  bench.hooks.answer = undefined;
  expect(bench.plead('a')).toBeUndefined();
  await bench.pass(2500);
  expect(bench.plead('b')).toContain('its agent knows');
  expect(bench.hooks.runs).toHaveLength(1);
});

it('tries the next rung when the action fails, though the probe passes', async () => {
  await begin({ clients: one, ladder: [systemd, { ...systemd, unit: 'other.service' }] });
  bench.hooks.answer = { ok: false, how: 'no such unit' };
  bench.hooks.onRun = () => {
    if (bench.hooks.runs.length === 2) bench.hooks.answer = { ok: true, how: 'done' };
  };
  bench.plead('a');
  await bench.pass(30_000);
  expect(bench.hooks.runs).toHaveLength(2);
  expect(await bench.health()).toBe('passing');
});

it('does not act below the floor of the fleet, and takes the server for well again in the end', async () => {
  await begin({ clients: one, ladder: [systemd], minHealthy: 1 });
  expect(bench.plead('a')).toBeUndefined();
  await bench.pass(60_000);
  expect(bench.hooks.runs).toEqual([]);
  await bench.pass(90_000);
  expect(await bench.health()).toBe('passing');
});

it('acts on one word when its own probe has just failed as well', async () => {
  await begin({ clients: { trust: 'verified', witnesses: 2 }, ladder: [systemd] });
  expect(bench.plead('a')).toContain("the agent's own probe passes");
  bench.server().answer = NOT_SERVING;
  await bench.pass(1000);
  expect(bench.plead('a')).toBeUndefined();
  await bench.pass(1500);
  expect(bench.hooks.runs).toHaveLength(1);
});

it('refuses where nothing could be done', async () => {
  await begin({ clients: one });
  expect(bench.plead('a')).toBe('its agent has no way to restart it');
});
