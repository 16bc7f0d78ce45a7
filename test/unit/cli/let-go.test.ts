import { awaitLetGo, type DrainFigures } from '../../../cli/let-go';
import { VirtualClock } from '../../support/virtual-clock';

const clock = new VirtualClock();

/** @param figuresAt what the agent tells so long after the drain */
async function wait(waitMs: number, figuresAt: (ms: number) => Omit<DrainFigures, 'id'>) {
  const startedMs = clock.nowMs();
  const printed: string[] = [];
  const warned: string[] = [];
  const figures = () => Promise.resolve([{ id: 'calculator-1', ...figuresAt(clock.nowMs() - startedMs) }]);
  const ended = awaitLetGo(
    { clock, figures, print: (text) => printed.push(text), warn: (text) => warned.push(text) },
    'calculator-1',
    waitMs,
  );
  await clock.advanceAsync(waitMs + 1000);
  return { code: await ended, printed, warned };
}

it('says how long it took until callers had let go', async () => {
  const { code, printed } = await wait(30_000, (ms) => ({
    drainKnownMs: ms,
    calls: { inFlight: ms < 3000 ? 1 : 0, begun: 4, quietMs: Math.max(0, ms - 3000) },
  }));
  expect(code).toBe(0);
  expect(printed).toEqual(['callers have let go after 4.00 s: no call in flight, and none begun for a second']);
});

it('ends with code 1 when they hold on, and says what is still there', async () => {
  const { code, warned } = await wait(2000, (ms) => ({
    ...{ drainKnownMs: ms, calls: { inFlight: 3, begun: 4, quietMs: 0 } },
  }));
  expect(code).toBe(1);
  expect(warned).toEqual(['callers have not let go after 2.00 s: 3 calls in flight; the drain goes on']);
});

it('does not take a registry that knows of no drain for callers that are gone', async () => {
  const { code, warned } = await wait(2000, () => ({ calls: { inFlight: 0, begun: 4, quietMs: 60_000 } }));
  expect(code).toBe(1);
  expect(warned[0]).toContain('the registry does not know of the drain yet');
});

it('waits no longer than it takes to know that the server tells nothing', async () => {
  const { code, printed } = await wait(30_000, (ms) => ({ drainKnownMs: ms }));
  expect(code).toBe(0);
  expect(printed[0]).toMatch(/^nobody knows when callers have let go: its server does not tell its calls/);
});
