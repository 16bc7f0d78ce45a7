/** What `understudy restart` does about a server that is no child, on a virtual clock. */
import type { RungConfig } from '../../../agent/service-config';
import { Bench, NOT_SERVING, PASS, serviceConfig } from './bench';

const exec: RungConfig = { type: 'exec', attempts: 1, timeoutMs: 5000, command: ['/opt/reload'] };
const systemd: RungConfig = { type: 'systemd', attempts: 1, timeoutMs: 5000, unit: 'calculator.service' };
const signal = (name: NodeJS.Signals): RungConfig => ({
  ...{ type: 'signal', attempts: 1, timeoutMs: 5000, signal: name, match: 'calculator' },
});

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

const begin = async (...ladder: readonly RungConfig[]): Promise<void> => {
  bench = await new Bench([serviceConfig('calculator-1', { recovery: { ladder, graceMs: 3000 } })]).start();
  await bench.pass(1000);
};
const types = (): readonly string[] => bench.hooks.runs.map(({ type }) => type);

it('runs the rung that is sure to restart, not a reload below it, and tells it why', async () => {
  await begin(exec, signal('SIGHUP'), systemd);
  expect(bench.restart('new settings')).toBeUndefined();
  await bench.pass(10);
  expect(bench.hooks.runs).toMatchObject([{ type: 'systemd', reason: 'an operator asked for it: new settings' }]);
});

it('runs the highest program where nothing is sure to restart', async () => {
  await begin(exec, { ...exec, command: ['/opt/restart'] });
  expect(bench.restart('x')).toBeUndefined();
  await bench.pass(10);
  expect(types()).toEqual(['exec']);
});

it('takes a signal only if it ends a process', async () => {
  await begin(signal('SIGHUP'));
  expect(bench.restart('x')).toContain('nothing that restarts it; whoever runs it can restart it');
  await bench.end();
  await begin(signal('SIGTERM'));
  expect(bench.restart('x')).toBeUndefined();
  await bench.pass(10);
  expect(types()).toEqual(['signal']);
});

it('refuses without a ladder, and a second time while the first is under way', async () => {
  await begin();
  expect(bench.restart('x')).toContain('this agent does not run the server');
  await bench.end();
  await begin(systemd);
  bench.hooks.answer = undefined;
  expect(bench.restart('x')).toBeUndefined();
  expect(bench.restart('x')).toBe('it is being restarted already');
});

it('keeps the ladder away while the server comes back, and lets it act when it does not', async () => {
  await begin(systemd);
  bench.server().answer = NOT_SERVING;
  expect(bench.restart('x')).toBeUndefined();
  await bench.pass(2900);
  expect(types()).toEqual(['systemd']);
  bench.hooks.onRun = () => (bench.server().answer = PASS);
  await bench.pass(2000);
  expect(types()).toEqual(['systemd', 'systemd']);
});

it('lets the ladder act at once when the restart failed', async () => {
  await begin(systemd);
  bench.hooks.answer = { ok: false, how: 'no such unit' };
  bench.server().answer = NOT_SERVING;
  expect(bench.restart('x')).toBeUndefined();
  await bench.pass(2100);
  expect(types()).toEqual(['systemd', 'systemd']);
  expect(bench.lines.some(({ message }) => message.includes('asked for failed: no such unit'))).toBe(true);
});

it('is refused while the ladder is at work', async () => {
  await begin(systemd);
  bench.hooks.answer = undefined;
  bench.server().answer = NOT_SERVING;
  await bench.pass(2100);
  expect(bench.restart('x')).toBe('its ladder is at work on it already');
});
