import { runScale, type ScaleResult } from '../../../sim/scale/run-scale';
import { scaleFigures, scaleLines, spreadOf } from '../../../sim/scale/scale-text';

describe('a fleet through which failures roll', () => {
  let result: ScaleResult;
  beforeAll(async () => {
    result = await runScale(1, { instances: 100, clients: 10 }, () => undefined);
  }, 60_000);

  it('converges, and loses no safe call', () => {
    expect(result.missing).toBe('');
    expect(result.calls.all).toBeGreaterThan(100);
    expect(result.calls.lostSafe).toBe(0);
  });

  it('has each client leave what fell, and come back to it', () => {
    for (const { failures, leaveMs, returnMs } of Object.values(result.reach)) {
      expect(failures).toBeGreaterThan(0);
      expect(returnMs).toHaveLength(leaveMs.length);
    }
    // A connection that is reset is news at once; silence takes the client's own heartbeats, and never the TTL.
    expect(spreadOf(result.reach.dies.leaveMs).maxMs).toBeLessThan(5);
    expect(spreadOf(result.reach.hangs.leaveMs).maxMs).toBeLessThan(4_000);
    expect(spreadOf(result.reach.dark.leaveMs).maxMs).toBeLessThan(4_000);
  });

  it('is told in a few lines, and in figures for machines', () => {
    expect(scaleLines(result).join('\n')).toContain('everything converged');
    expect(scaleFigures(result)).toMatchObject({
      seed: 1,
      reach: { dies: { away: { count: expect.any(Number) as number } } },
    });
  });
});

it('plays the same fleet to the letter again, and another seed otherwise', async () => {
  const shape = { instances: 20, clients: 2 };
  const run = async (seed: number): Promise<string> => (await runScale(seed, shape, () => undefined)).fingerprint;
  const one = await run(1);
  expect(await run(1)).toBe(one);
  expect(await run(2)).not.toBe(one);
}, 60_000);

it('a spread names the median, the 99th percentile by nearest rank and the most', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ count: 4, medianMs: 2, p99Ms: 4, maxMs: 4 });
  expect(spreadOf([]).count).toBe(0);
});
