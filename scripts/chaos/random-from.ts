/** Numbers in [0, 1) that a seed decides: the same seed, the same numbers. For choosing faults, never for secrets. */
import { createHash } from 'node:crypto';

export function randomFrom(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${seed}/${drawn}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}
