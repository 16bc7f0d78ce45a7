/**
 * Bugs planted in what the simulation runs, one at a time: it must find each within a few seeds. A canary that
 * lives says that an invariant is blind.
 */
import { FleetGuard } from '../../../agent/fleet-guard';
import * as failover from '../../../core/decide/failover';
import * as attempts from '../../../core/decide/attempts';
import * as restart from '../../../core/decide/restart';
import * as watchIndex from '../../../core/decide/watch-index';
import * as watchStep from '../../../core/decide/watch-step';
import * as crowd from '../../../core/detect/crowd';
import * as ejection from '../../../core/detect/ejection';
import * as fitness from '../../../core/detect/fitness';
import * as silence from '../../../core/detect/silence';
import * as idempotency from '../../../core/domain/idempotency';
import * as spread from '../../../core/pick/spread';
import * as budget from '../../../core/time/budget';
import { runSeed } from '../../../sim/run';

/** The most seeds that a canary may outlive. */
const SEEDS = 50;

const real = { ...failover, ...fitness, ...watchIndex, ...watchStep, ...restart, ...silence, ...spread };

/** What is planted, and a seed that is known to find it: it is tried first. */
const CANARIES: readonly (readonly [what: string, plant: () => void, seed: number])[] = [
  ['every call may be repeated', () => jest.spyOn(idempotency, 'mayBeRepeated').mockReturnValue(true), 2],
  ['failing calls never eject', () => jest.spyOn(ejection, 'observeCall').mockReturnValue(ejection.NOT_EJECTED), 14],
  [
    'the word of the catalog is not heard',
    () =>
      jest
        .spyOn(fitness, 'judge')
        .mockImplementation((facts, graceMs) => real.judge({ ...facts, health: 'passing' }, graceMs)),
    3,
  ],
  [
    'calls go back at once',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier(state, all, nowMs, { ...options, holdMs: 0 }),
        ),
    2,
  ],
  [
    'calls never go back',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier(state, all, nowMs, { ...options, failback: 'manual' }),
        ),
    2,
  ],
  [
    'the flapping of a tier does not lengthen its hold',
    () =>
      jest
        .spyOn(failover, 'decideTier')
        .mockImplementation((state, all, nowMs, options) =>
          real.decideTier({ ...state, failoversMs: [] }, all, nowMs, options),
        ),
    8,
  ],
  [
    'an index that went back is not noticed',
    () =>
      jest.spyOn(watchIndex, 'nextWatchIndex').mockImplementation((previous, answered) => {
        const decision = real.nextWatchIndex(0n, answered);
        return decision.index < previous ? { index: previous, verdict: 'usable' } : decision;
      }),
    29,
  ],
  [
    'after trouble nothing new is told',
    () =>
      jest.spyOn(watchStep, 'nextWatchStep').mockImplementation((state, ...rest) => {
        const step = real.nextWatchStep(state, ...rest);
        return state.troubleEndedAtMs === undefined ? step : { ...step, tellSnapshot: false };
      }),
    6,
  ],
  ['restarts wait for nothing', () => jest.spyOn(attempts, 'attemptDelayMs').mockReturnValue(0), 3],
  [
    'restarts are never given up',
    () => jest.spyOn(attempts, 'judgeAttempts').mockImplementation((recentMs) => ({ recentMs, exhausted: false })),
    6,
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
    3,
  ],
  [
    'no repetition is ever granted',
    () => jest.spyOn(budget, 'withdraw').mockImplementation((state) => ({ allowed: false, state })),
    6,
  ],
  [
    'the ill get their share of the calls',
    () =>
      jest.spyOn(spread, 'spread').mockImplementation((members, ...rest) => ({
        ...real.spread(members, ...rest),
        weights: members.map(() => 1),
      })),
    3,
  ],
  [
    'who falls silent is never found out',
    () =>
      jest.spyOn(silence, 'considerSilence').mockImplementation((state, ...rest) => {
        const step = real.considerSilence(state, ...rest);
        return { ...step, state: { ...step.state, silent: false }, reason: null };
      }),
    61,
  ],
  [
    'who falls silent is accused though everybody does',
    () =>
      jest.spyOn(crowd, 'accuse').mockImplementation((reprieve) => ({ accused: true, reprieve, wakeAtMs: Infinity })),
    179,
  ],
  ['recovery asks for no slot of the fleet', () => jest.spyOn(FleetGuard.prototype, 'permit').mockReturnValue(true), 7],
];

afterEach(() => jest.restoreAllMocks());

describe('the simulation finds that', () => {
  it.each(CANARIES)(
    '%s',
    async (_what, plant, known) => {
      plant();
      const seeds = [known, ...Array.from({ length: SEEDS }, (_, place) => place + 1)];
      let found: readonly string[] = [];
      for (const seed of seeds) {
        if (found.length > 0) break;
        found = (await runSeed(seed)).violations;
      }
      expect(found).not.toEqual([]);
    },
    120_000,
  );
});
