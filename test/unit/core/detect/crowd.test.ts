import { accuse, type CrowdVerdict, type Reprieve } from '../../../../core/detect/crowd';

const OPTIONS = { patienceMs: 2_000, graceMs: 100 };
const ask = (lives: readonly number[], nowMs: number, reprieve: Reprieve = null): CrowdVerdict =>
  accuse(reprieve, 100, lives, nowMs, OPTIONS);

describe('whether a silent endpoint may be accused', () => {
  it.each<[string, readonly number[], number, boolean]>([
    ['when another has answered since', [90, 105], 150, true],
    ['not while nobody has answered since: it may be the judge', [90, 95], 150, false],
    ['after long enough, whosever fault it is', [90, 95], 2_100, true],
    ['when there is nobody to compare with', [], 150, true],
  ])('%s', (_name, lives, nowMs, expected) => {
    expect(ask(lives, nowMs).accused).toBe(expected);
  });

  it('only some time after the first of all speaks again, when all were silent', () => {
    const all = ask([90], 200);
    expect(all).toMatchObject({ accused: false, wakeAtMs: 2_100 });
    const first = ask([500], 500, all.reprieve);
    expect(first).toMatchObject({ accused: false, wakeAtMs: 600 });
    const later = ask([590], 590, first.reprieve);
    expect(later).toMatchObject({ accused: false, wakeAtMs: 600 });
    expect(ask([600], 600, later.reprieve).accused).toBe(true);
  });
});
