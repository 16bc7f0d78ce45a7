import { attemptsAreBounded, budgetIsKept, noSafeCallLost, noUnsafeCallTwice } from './calls';
import type { Invariant } from './invariant';
import { noPickOfTheEjected } from './picks';
import { illnessIsTold, noWellServerIsStopped, recoveryIsGuarded, restartsAreBounded } from './restarts';
import { failbackOnlyAfterTheHold, flappingIsBounded, noFailoverWithoutEvidence } from './tiers';

/** By the name that a violation carries. That everything converges is asked by the run itself (sim/run.ts). */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  'no unsafe call is executed twice': noUnsafeCallTwice,
  'no safe call is lost while a good server is at hand': noSafeCallLost,
  'attempts of one call are bounded': attemptsAreBounded,
  'the budget refuses only what exceeds it': budgetIsKept,
  'no first attempt on an endpoint known as bad': noPickOfTheEjected,
  'no failover without evidence': noFailoverWithoutEvidence,
  'failback only after the hold': failbackOnlyAfterTheHold,
  'flapping is bounded': flappingIsBounded,
  'restarts are bounded': restartsAreBounded,
  'recovery on suspicion is guarded': recoveryIsGuarded,
  'illness is told to the catalog': illnessIsTold,
  'no well server is stopped': noWellServerIsStopped,
};
