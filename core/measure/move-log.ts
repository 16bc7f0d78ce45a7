/**
 * Keeps the recent moves of one process until they are told. Bounded: of each service the newest. Several channels to one
 * service decide the same at nearly the same time; that is one move of the process.
 */
import type { Move, ToldMove } from '../domain/move';

const MOST_OF_SERVICE = 64;
const MOST_TOLD = 100;
const LONGEST_REASON = 500;
/** What is said again within this time is another channel's word for the same. */
const SAME_MS = 5000;

export class MoveLog {
  private readonly services = new Map<string, ToldMove[]>();
  private seq = 0;

  add(service: string, move: Move, atUnixMs: number): void {
    const kept = this.services.get(service) ?? [];
    this.services.set(service, kept);
    const last = kept.findLast((one) => subjectOf(one) === subjectOf(move));
    if (last !== undefined && isSame(last, move) && Math.abs(atUnixMs - last.atUnixMs) < SAME_MS) return;
    this.seq += 1;
    kept.push({ ...move, service, seq: this.seq, atUnixMs: Math.round(atUnixMs), reason: shortened(move.reason) });
    if (kept.length > MOST_OF_SERVICE) kept.shift();
  }

  /** What one message may hold of the moves after that one, oldest first. */
  after(seq: number): readonly ToldMove[] {
    const later = [...this.services.values()].flat().filter((move) => move.seq > seq);
    return later.sort((a, b) => a.seq - b.seq).slice(0, MOST_TOLD);
  }
}

/** Whose moves follow each other: an endpoint's, or the tiers'. */
function subjectOf(move: Move): string {
  return 'instance' in move ? move.instance : '';
}

function isSame(one: Move, other: Move): boolean {
  const ends = (move: Move): string => ('instance' in move ? '' : `${move.from} ${move.to}`);
  return one.kind === other.kind && ends(one) === ends(other);
}

function shortened(text: string): string {
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON - 1)}…` : text;
}
