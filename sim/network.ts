/**
 * What lies between the nodes: latency, loss, and links that carry nothing, each direction by itself. It behaves as TCP does:
 * what is lost is sent again, what cannot pass waits, and the messages of one stream keep their order.
 */
import type { Engine } from './engine';
import type { Random } from './random';

export interface LinkTrouble {
  readonly cut?: boolean;
  readonly lossShare?: number;
  readonly extraMs?: number;
}

/** One direction of one connection. */
export interface Stream {
  lastAtMs: number;
}

/** Linux: the least retransmission timeout, and what it becomes when a link was away for long. */
const RETRANSMIT_MS = 200;
const LONGEST_RETRANSMIT_MS = 1_000;

export class Network {
  private readonly troubles = new Map<string, LinkTrouble[]>();
  private readonly held = new Map<string, (() => void)[]>();

  constructor(
    private readonly engine: Engine,
    private readonly random: Random,
  ) {}

  /** Sends one message; `deliver` runs when it arrives. A message on a link that is cut waits for its end. */
  send(from: string, to: string, stream: Stream | null, deliver: () => void, quick = false): void {
    const atMs = Math.max(this.engine.nowMs + this.delayMs(from, to), (stream?.lastAtMs ?? 0) + 0.001);
    if (stream !== null) stream.lastAtMs = atMs;
    this.engine.at(atMs, () => this.arrive(from, to, deliver), quick);
  }

  isCut(from: string, to: string): boolean {
    return this.of(from, to).some(({ cut }) => cut === true);
  }

  /** Puts trouble on one direction. @returns how to end it */
  trouble(from: string, to: string, trouble: LinkTrouble): () => void {
    const key = keyOf(from, to);
    this.troubles.set(key, [...this.of(from, to), trouble]);
    return () => {
      this.troubles.set(
        key,
        this.of(from, to).filter((other) => other !== trouble),
      );
      this.release(from, to);
    };
  }

  private arrive(from: string, to: string, deliver: () => void): void {
    if (!this.isCut(from, to)) {
      deliver();
      return;
    }
    const key = keyOf(from, to);
    this.held.set(key, [...(this.held.get(key) ?? []), deliver]);
  }

  private release(from: string, to: string): void {
    const key = keyOf(from, to);
    const waiting = this.held.get(key) ?? [];
    if (waiting.length === 0 || this.isCut(from, to)) return;
    this.held.delete(key);
    const atMs = this.engine.nowMs + this.random.between(0, LONGEST_RETRANSMIT_MS);
    for (const deliver of waiting) this.engine.at(atMs, () => this.arrive(from, to, deliver));
  }

  private delayMs(from: string, to: string): number {
    let delayMs = from === to ? this.random.between(0.05, 0.1) : this.random.between(0.2, 0.8);
    for (const { lossShare = 0, extraMs = 0 } of this.of(from, to)) {
      delayMs += extraMs * this.random.between(0.8, 1.2);
      for (let wait = RETRANSMIT_MS; wait <= 1_600 && this.random.chance(lossShare); wait *= 2) delayMs += wait;
    }
    return delayMs;
  }

  private of(from: string, to: string): readonly LinkTrouble[] {
    return this.troubles.get(keyOf(from, to)) ?? NONE;
  }
}

const NONE: readonly LinkTrouble[] = [];

function keyOf(from: string, to: string): string {
  return `${from}>${to}`;
}
