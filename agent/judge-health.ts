/**
 * Decides what the registry should hear of a server, from what its probes, the proof of its recovery and those who act on it
 * know at this moment. It tells nobody.
 */
import type { Dependency } from './dependency';
import type { Hands } from './hands';
import type { Report } from './membership-loop';
import type { Observer } from './observer';
import type { Proof } from './proof';

type Words = Pick<Report, 'health' | 'reason'>;

/**
 * @param step the last sentence of the child, which speaks for the server while it is not running
 * @param worries what is not as it should be with a server that answers
 */
export function judgeHealth(
  step: string,
  observer: Pick<Observer, 'verdict' | 'health' | 'reason' | 'excuse'>,
  proof: Pick<Proof, 'passed' | 'reason'>,
  hands: Pick<Hands, 'phase' | 'note'>,
  dependency: Pick<Dependency, 'excuse'> | undefined,
  worries: readonly (string | undefined)[] = [],
): Words {
  const phase = hands.phase?.name;
  if (phase !== undefined && phase !== 'running' && phase !== 'idle') return { health: 'critical', reason: step };
  const starting = phase === 'running' && observer.verdict === 'unknown';
  const health = proof.passed ? observer.health : 'critical';
  const notes = [proof.reason, hands.note, observer.excuse === undefined && dependency?.excuse];
  const note = health === 'critical' ? notes.filter(Boolean).join('; ') : undefined;
  return worried({ health, reason: [starting && step, observer.reason, note].filter(Boolean).join('; ') }, worries);
}

/** A worry never makes a server critical: whether it answers is another matter. */
function worried(words: Words, worries: readonly (string | undefined)[]): Words {
  const worry = worries.filter((one) => one !== undefined).join('; ');
  if (worry === '' || words.health === 'critical') return words;
  return { health: 'warning', reason: `${worry}; ${words.reason}` };
}
