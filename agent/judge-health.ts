/**
 * Decides what the registry should hear of a server, from what its probes, the proof of its recovery and those who act on it
 * know at this moment. It tells nobody.
 */
import type { Dependency } from './dependency';
import type { Hands } from './hands';
import type { Report } from './membership-loop';
import type { Observer } from './observer';
import type { Proof } from './proof';

/** @param step the last sentence of the child, which speaks for the server while it is not running */
export function judgeHealth(
  step: string,
  observer: Pick<Observer, 'verdict' | 'health' | 'reason' | 'excuse'>,
  proof: Pick<Proof, 'passed' | 'reason'>,
  hands: Pick<Hands, 'phase' | 'note'>,
  dependency: Pick<Dependency, 'excuse'> | undefined,
): Pick<Report, 'health' | 'reason'> {
  const phase = hands.phase?.name;
  if (phase !== undefined && phase !== 'running' && phase !== 'idle') return { health: 'critical', reason: step };
  const starting = phase === 'running' && observer.verdict === 'unknown';
  const health = proof.passed ? observer.health : 'critical';
  const notes = [proof.reason, hands.note, observer.excuse === undefined && dependency?.excuse];
  const note = health === 'critical' ? notes.filter(Boolean).join('; ') : undefined;
  return { health, reason: [starting && step, observer.reason, note].filter(Boolean).join('; ') };
}
