/**
 * What the choice of an endpoint costs: the picker of the client over endpoints that are all well, with everything that a
 * first attempt of a call does there. No sockets, no calls.
 */
import { ArrivalsFirst } from '../../client/arrivals-first';
import { CallMonitor } from '../../client/call-monitor';
import { CallTrace } from '../../client/call-trace';
import type { EndpointConnection } from '../../client/endpoint-connection';
import { EndpointVitals } from '../../client/endpoint-vitals';
import { budgetOptions, parseClientOptions, vitalsOptions } from '../../client/options';
import { EndpointPicker } from '../../client/picker';
import { RepeatBudget } from '../../client/repeat-budget';
import { Metadata, status } from '@grpc/grpc-js';
import { POLICIES, type PolicyName } from '../../core/pick/policy';
import { systemClock } from '../../runtime/system-clock';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { median, rounded } from './statistics';

const SIZES = [1, 3, 10, 100, 1_000];
/** Goal, ns, at each size that has one. */
const GOALS: ReadonlyMap<number, number> = new Map([
  [3, 1_000],
  [1_000, 5_000],
]);
const ROUNDS = 15;

export const PICK: SheetPart = {
  name: 'pick',
  title: 'What the choice of an endpoint costs',
  words: `One pick for the first attempt of a call, with what remembers the call, over endpoints that are all well, with unequal
weights and known latencies. Each figure is the median of ${ROUNDS} rounds, which the policies share in turns.`,
  columns: { policy: 'policy', endpoints: 'endpoints', nsPerPick: 'ns per pick', goalNs: 'goal', met: 'met' },
  measure: ({ command, quick }) => {
    const where = circumstances(command, 'not used');
    const picks = quick ? 5_000 : 100_000;
    const rows = SIZES.flatMap((endpoints) => {
      const pickers = POLICIES.map((policy) => ({ policy, pick: pickOf(policy, endpoints), rounds: [] as number[] }));
      for (const { pick } of pickers) nsPerPick(pick, picks);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const { pick, rounds } of pickers) rounds.push(nsPerPick(pick, picks));
      }
      return pickers.map(({ policy, rounds }) => rowOf(policy, endpoints, rounded(median(rounds), 0)));
    });
    return Promise.resolve({ ...where, rows });
  },
};

function rowOf(policy: PolicyName, endpoints: number, ns: number): Readonly<Record<string, string | number | null>> {
  const goalNs = GOALS.get(endpoints) ?? null;
  return { policy, endpoints, nsPerPick: ns, goalNs, met: goalNs === null ? null : ns <= goalNs ? 'yes' : 'NO' };
}

function nsPerPick(pick: () => void, picks: number): number {
  const began = process.hrtime.bigint();
  for (let done = 0; done < picks; done += 1) pick();
  return Number(process.hrtime.bigint() - began) / picks;
}

function pickOf(policy: PolicyName, size: number): () => void {
  const clock = systemClock();
  const options = parseClientOptions({ policy });
  const nothing = (): void => undefined;
  const ports = { clock, sendHeartbeat: nothing, onChange: nothing, onLife: nothing, onDoubt: nothing };
  const pool = Array.from({ length: size }, (_, place) => {
    const vitals = new EndpointVitals({ ...ports, options: vitalsOptions(options) });
    const connection = vitals.attemptStarted(clock.nowMs());
    vitals.attemptEnded(connection, status.OK, true, 1 + (place % 7), 'prompt', clock.nowMs());
    // What a picker sees of a connection.
    return { vitals, subchannel: {}, isDown: false } as unknown as EndpointConnection;
  });
  const picker = new EndpointPicker({
    choices: { pool, reserve: [] },
    weights: pool.map((_, place) => 1 + (place % 3)),
    trials: [],
    memory: { nextTurn: 0, arrivals: new ArrivalsFirst(nothing) },
    policy,
    rng: Math.random,
    clock,
    budget: new RepeatBudget(budgetOptions(options), clock),
  });
  const monitor = new CallMonitor(clock);
  const method = {
    shape: 'unary',
    held: true,
    repeatable: true,
    hedged: true,
    usualMs: 50,
    lateAfterMs: 100,
    maxAttempts: 4,
  } as const;
  const metadata = new Metadata();
  return () => {
    const extraPickInfo = new CallTrace('/calculator.v1.Calculator/Add', method, monitor, clock);
    picker.pick({ metadata, extraPickInfo } as unknown as Parameters<EndpointPicker['pick']>[0]);
  };
}
