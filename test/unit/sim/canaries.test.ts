/**
 * Bugs planted in core, one at a time, without a change of it: the simulation must find each within a few seeds. A canary that
 * lives says that an invariant is blind.
 */
import * as failover from '../../../core/decide/failover';
import * as attempts from '../../../core/decide/attempts';
import * as restart from '../../../core/decide/restart';
import * as watchIndex from '../../../core/decide/watch-index';
import * as watchStep from '../../../core/decide/watch-step';
import * as ejection from '../../../core/detect/ejection';
import * as fitness from '../../../core/detect/fitness';
import * as idempotency from '../../../core/domain/idempotency';
import * as spread from '../../../core/pick/spread';
import * as budget from '../../../core/time/budget';
import { runSeed } from '../../../sim/run';

/** The most seeds that a canary may outlive. */
const SEEDS = 50;

const real = { ...failover, ...fitness, ...watchIndex, ...watchStep, ...restart, ...spread };

const CANARIES: readonly (readonly [string, () => void])[] = [
  ['every call may be repeated', () => jest.spyOn(idempotency, 'mayBeRepeated').mockReturnValue(true)],
  ['failing calls never eject', () => jest.spyOn(ejection, 'observeCall').mockReturnValue(ejection.NOT_EJECTED)],
  [
    'the word of the catalog is not heard',
    () =>
      jest
        .spyOn(fitness, 'judge')
        .mockImplementation((facts, graceMs) => real.judge({ ...facts, health: 'passing' }, graceMs)),
  ],
  [
    'calls go back at once',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier(state, all, nowMs, { ...options, holdMs: 0 }),
        ),
  ],
  [
    'calls never go back',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier(state, all, nowMs, { ...options, failback: 'manual' }),
        ),
  ],
  [
    'the flapping of a tier does not lengthen its hold',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier({ ...state, failoversMs: [] }, all, nowMs, options),
        ),
  ],
  [
    'an index that went back is not noticed',
    () =>
      jest.spyOn(watchIndex, 'nextWatchIndex').mockImplementation((previous, answered) => {
        const decision = real.nextWatchIndex(0n, answered);
        return decision.index < previous ? { index: previous, verdict: 'usable' } : decision;
      }),
  ],
  [
    'after trouble nothing new is told',
    () =>
      jest.spyOn(watchStep, 'nextWatchStep').mockImplementation((state, ...rest) => {
        const step = real.nextWatchStep(state, ...rest);
        return state.troubleEndedAtMs === undefined ? step : { ...step, tellSnapshot: false };
      }),
  ],
  ['restarts wait for nothing', () => jest.spyOn(attempts, 'attemptDelayMs').mockReturnValue(0)],
  [
    'restarts are never given up',
    () => jest.spyOn(attempts, 'judgeAttempts').mockImplementation((recentMs) => ({ recentMs, exhausted: false })),
  ],
  [
    'a server that is stopped is replaced before it is gone',
    () =>
      jest.spyOn(restart, 'nextRestart').mockImplementation((state, event, ...rest) => {
        const step = real.nextRestart(state, event, ...rest);
        return event.type === 'unhealthy' && step.state.phase.name === 'stopping'
          ? { ...step, effects: [...step.effects, { type: 'spawn' }] }
          : step;
      }),
  ],
  [
    'no repetition is ever granted',
    () => jest.spyOn(budget, 'withdraw').mockImplementation((state) => ({ allowed: false, state })),
  ],
  [
    'the ill get their share of the calls',
    () =>
      jest.spyOn(spread, 'spread').mockImplementation((members, ...rest) => ({
        ...real.spread(members, ...rest),
        weights: members.map(() => 1),
      })),
  ],
];

afterEach(() => jest.restoreAllMocks());

describe('the simulation finds that', () => {
  it.each(CANARIES)(
    '%s',
    async (_what, plant) => {
      plant();
      let found: readonly string[] = [];
      for (let seed = 1; seed <= SEEDS && found.length === 0; seed += 1) found = (await runSeed(seed)).violations;
      expect(found).not.toEqual([]);
    },
    120_000,
  );
});
