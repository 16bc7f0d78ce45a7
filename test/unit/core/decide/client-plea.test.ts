import fc from 'fast-check';
import { NO_PLEA, nextPlea, type OwnView, type PleaPolicy } from '../../../../core/decide/client-plea';

const passes: OwnView = { busy: undefined, probePasses: true, reason: 'SERVING' };
const fails: OwnView = { ...passes, probePasses: false, reason: 'NOT_SERVING' };
const two: PleaPolicy = { trust: 'witnesses', witnesses: 2 };
const MINUTE = 60_000;

/** Pleas one after the other; what came of each. */
function heard(
  policy: PleaPolicy,
  ...pleas: readonly (readonly [client: string, atMs: number, own?: OwnView])[]
): readonly { readonly act: boolean; readonly reason: string }[] {
  let state = NO_PLEA;
  return pleas.map(([client, atMs, own = passes]) => {
    const step = nextPlea(state, { client, why: 'its calls fail' }, own, policy, atMs);
    state = step.state;
    return step;
  });
}
const acted = (...all: Parameters<typeof heard>): readonly boolean[] => heard(...all).map(({ act }) => act);

describe('the plea of a client', () => {
  it('is not heard unless the agent is told to, and says what must be set', () => {
    const [only] = heard({ ...two, trust: 'none' }, ['a', 0, fails]);
    expect(only).toMatchObject({ act: false, reason: expect.stringContaining('recovery.clients.trust') as string });
  });

  it('is believed at once when the own probe agrees', () => {
    const [only] = heard({ ...two, trust: 'verified' }, ['a', 0, fails]);
    expect(only?.act).toBe(true);
    expect(only?.reason).toBe("client a finds it unfit: its calls fail; the agent's own probe agrees: NOT_SERVING");
  });

  it('restarts no server whose probe passes when it must be verified, however many say so', () => {
    expect(acted({ ...two, trust: 'verified' }, ['a', 0], ['b', 1], ['c', 2])).toEqual([false, false, false]);
  });

  it('needs so many different clients against the own probe', () => {
    expect(acted(two, ['a', 0], ['a', 10_000], ['b', 20_000])).toEqual([false, false, true]);
    expect(heard(two, ['a', 0])[0]?.reason).toContain('1 of 2 clients that must agree have asked');
    expect(acted({ ...two, witnesses: 1 }, ['a', 0])).toEqual([true]);
  });

  it('does not count what another client said long ago', () => {
    expect(acted(two, ['a', 0], ['b', 5 * MINUTE], ['a', 5 * MINUTE + 1])).toEqual([false, false, true]);
  });

  it('changes nothing while the agent acts already', () => {
    const busy = { ...fails, busy: 'its agent knows' };
    expect(heard(two, ['a', 0, busy], ['b', 1, busy]).map(({ act, reason }) => [act, reason])).toEqual([
      [false, 'its agent knows'],
      [false, 'its agent knows'],
    ]);
  });

  it('leads to fewer and fewer restarts, whatever clients say', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 300 }), (gaps) => {
        let nowMs = 0;
        const pleas = gaps.map((gap) => ['a', (nowMs += gap), fails] as const);
        const restarts = acted(two, ...pleas).filter(Boolean).length;
        // 10 s, 20 s, 40 s, … of rest lie between them.
        expect(restarts).toBeLessThanOrEqual(1 + Math.log2(1 + nowMs / 10_000));
      }),
    );
  });

  it('finds a clean sheet after hours', () => {
    const hours = 7 * 60 * MINUTE;
    expect(acted(two, ['a', 0, fails], ['a', 5000, fails], ['a', hours, fails])).toEqual([true, false, true]);
  });
});
