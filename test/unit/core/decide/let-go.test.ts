import { judgeLetGo, watchQuiet, type QuietState } from '../../../../core/decide/let-go';
import { readCallsTold } from '../../../../core/measure/calls-told';

const told = (inFlight: number, begun: number) => ({ inFlight, begun });

function quietAfter(...probes: readonly (readonly [nowMs: number, inFlight: number, begun: number])[]): number {
  const state = probes.reduce<QuietState | undefined>(
    (before, [nowMs, inFlight, begun]) => watchQuiet(before, told(inFlight, begun), nowMs),
    undefined,
  );
  return state?.seen.quietMs ?? -1;
}

it('is quiet only from the first probe that saw no call in flight', () => {
  expect(quietAfter([0, 0, 5])).toBe(0);
  expect(quietAfter([0, 0, 5], [1000, 0, 5], [2000, 0, 5])).toBe(2000);
  expect(quietAfter([0, 0, 5], [1000, 1, 6], [2000, 0, 6])).toBe(0);
});

it('sees a call that began and ended between two probes, and a server that started anew', () => {
  expect(quietAfter([0, 0, 5], [1000, 0, 6])).toBe(0);
  expect(quietAfter([0, 0, 5], [1000, 0, 0])).toBe(0);
});

it('forgets what was before a probe that told nothing', () => {
  const before = watchQuiet(undefined, told(0, 5), 0);
  expect(watchQuiet(before, undefined, 1000)).toBeUndefined();
});

it('calls callers gone when nothing was in flight for a second since the registry knows', () => {
  const idle = { inFlight: 0, begun: 5, quietMs: 60_000 };
  expect(judgeLetGo(undefined, idle).name).toBe('waiting');
  expect(judgeLetGo(999, idle).name).toBe('waiting');
  expect(judgeLetGo(1000, idle).name).toBe('gone');
  expect(judgeLetGo(1000, { ...idle, quietMs: 500 }).name).toBe('waiting');
  expect(judgeLetGo(60_000, { inFlight: 2, begun: 5, quietMs: 0 })).toEqual({
    ...{ name: 'waiting', reason: '2 calls in flight' },
  });
});

it('says that it does not know when the server does not tell', () => {
  expect(judgeLetGo(500, undefined).name).toBe('waiting');
  expect(judgeLetGo(1000, undefined).name).toBe('unknown');
});

it('believes nothing that is no count', () => {
  const key = (name: string): string => `understudy-calls-${name}`;
  expect(readCallsTold({ [key('in-flight')]: '0', [key('begun')]: '12' })).toEqual({ inFlight: 0, begun: 12 });
  for (const wrong of [undefined, '', '-1', '1.5', '1e3', ['1'], 1])
    expect(readCallsTold({ [key('in-flight')]: wrong, [key('begun')]: '12' })).toBeUndefined();
});
