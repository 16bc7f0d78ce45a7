/** When the probe loop looks: at its rate, and for news. */
import type { Probe, ProbeResult } from '../../../agent/ports';
import { ProbeLoop } from '../../../agent/probe-loop';
import { VirtualClock } from '../../support/virtual-clock';

const PASS: ProbeResult = { outcome: 'pass', reason: 'SERVING in 1.0 ms' };

let clock: VirtualClock;
let looks: number[];
let tell: () => void;
let loop: ProbeLoop;
let ended: Promise<void>;
const stopper = { current: new AbortController() };

async function start(intervalMs: number, rng = (): number => 0, heeds = (): boolean => true): Promise<void> {
  const probe: Probe = {
    check: () => Promise.resolve(PASS),
    onNews: (listener) => (tell = () => listener('said')),
    reset: () => undefined,
    close: () => undefined,
  };
  const beganMs = clock.nowMs();
  loop = new ProbeLoop(probe, { intervalMs, timeoutMs: 500 }, { clock, rng, heeds }, (_result, startedMs) =>
    looks.push(startedMs - beganMs),
  );
  ended = loop.run(stopper.current.signal);
  await clock.advanceAsync(0);
}

beforeEach(() => {
  clock = new VirtualClock();
  looks = [];
  stopper.current = new AbortController();
});

afterEach(async () => {
  stopper.current.abort();
  await ended;
  expect(clock.pendingTimers()).toBe(0);
});

it('looks at once for news, and an interval after that', async () => {
  await start(10_000);
  await clock.advanceAsync(2_500);
  tell();
  await clock.advanceAsync(10_000);
  expect(looks).toEqual([0, 2_500, 12_500]);
});

it('looks once a second at most when a server is full of news, and loses none', async () => {
  await start(60_000);
  await clock.advanceAsync(5_000);
  for (let told = 0; told < 350; told++) {
    tell();
    await clock.advanceAsync(10);
  }
  expect(looks).toEqual([0, 5_000, 6_000, 7_000, 8_000]);
  await clock.advanceAsync(2_000);
  expect(looks.slice(5)).toEqual([9_000]);
});

it('never lets news put off the next turn', async () => {
  await start(300);
  for (let told = 0; told < 100; told++) {
    tell();
    await clock.advanceAsync(10);
  }
  expect(looks).toEqual([0, 0, 300, 600, 900]);
});

it('does not wait for anybody who must know now', async () => {
  await start(60_000);
  tell();
  await clock.advanceAsync(100);
  loop.now();
  await clock.advanceAsync(100);
  loop.now();
  await clock.advanceAsync(100);
  expect(looks).toEqual([0, 0, 100, 200]);
});

it('comes early by chance, by a tenth of the interval at most, and never late', async () => {
  const drawn = [0, 0.5, 0.99];
  await start(1_000, () => drawn.shift() ?? 0);
  await clock.advanceAsync(3_000);
  expect(looks).toEqual([0, 1_000, 1_950, 2_851]);
});

it('does not look for news that are not worth it', async () => {
  await start(
    10_000,
    () => 0,
    () => false,
  );
  await clock.advanceAsync(2_500);
  tell();
  await clock.advanceAsync(10_000);
  expect(looks).toEqual([0, 10_000]);
});
