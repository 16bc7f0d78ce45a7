/**
 * The one source of chance of a simulation: everything random is drawn here, so a seed decides a whole run. Parts that draw
 * independently get forks, so that one more draw of one of them moves nothing in the others.
 */
import type { Rng } from '../core/time/clock';

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = mixed(seed);
  }

  /** Uniform in [0, 1): a Weyl sequence through a 32-bit finalizer (splitmix32). */
  readonly next: Rng = () => {
    this.state = (this.state + 0x9e3779b9) | 0;
    return (mixed(this.state) >>> 0) / 2 ** 32;
  };

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.int(0, list.length - 1)] ?? list[0];
  }

  /** Another source, decided by this seed and `salt`. */
  fork(salt: number): Random {
    return new Random(mixed(this.state ^ Math.imul(salt + 1, 0x85ebca6b)));
  }
}

function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return bits ^ (bits >>> 15);
}
