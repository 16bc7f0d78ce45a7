import type { Fault, Schedule } from '../../../sim/faults';
import type { RunResult } from '../../../sim/run';
import { shrink } from '../../../sim/shrink';

function fault(kind: Fault['kind']): Fault {
  return { kind, atMs: 0, forMs: 0, target: '', peer: '' };
}

/** Breaks a promise when both a kill and a cut are there, and another one when nothing is. */
function run(seed: number, schedule: Schedule): Promise<RunResult> {
  const kinds = schedule.faults.map(({ kind }) => kind);
  const violations = kinds.includes('kill') && kinds.includes('cut') ? ['a promise: broken'] : ['another: broken'];
  return Promise.resolve({ seed, schedule, violations } as unknown as RunResult);
}

describe('shrinking a schedule', () => {
  it('leaves only the faults without which the same promise would be kept', async () => {
    const faults = (['slow', 'kill', 'loss', 'cut', 'sick'] as const).map(fault);
    const broken = await run(1, { shape: { tiers: [0, 1], callers: 1 }, faults });
    const { schedule } = await shrink(broken, run);
    expect(schedule.faults.map(({ kind }) => kind)).toEqual(['kill', 'cut']);
  });
});
