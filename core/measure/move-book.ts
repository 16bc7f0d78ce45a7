/**
 * Keeps the moves that clients told an agent of, each once. Bounded: the oldest words and the clients that were heard last
 * the longest ago go first.
 */
import type { KeptMove, MoveReport } from '../domain/move';

const MOST_MOVES = 20_000;
const MOST_CLIENTS = 10_000;

export class MoveBook {
  private moves: KeptMove[] = [];
  private readonly seqs = new Map<string, number>();

  /** @returns how many of them are new */
  take({ client, moves }: MoveReport): number {
    const last = this.seqs.get(client) ?? 0;
    const news = moves.filter(({ seq }) => seq > last);
    // Set anew, so that the order of the map is that of the last words.
    this.seqs.delete(client);
    this.seqs.set(client, Math.max(last, ...news.map(({ seq }) => seq)));
    if (this.seqs.size > MOST_CLIENTS) this.seqs.delete(this.seqs.keys().next().value ?? '');
    this.moves = this.moves.concat(news.map((move) => ({ ...move, client })));
    // By a tenth, so that not each message copies all.
    if (this.moves.length > MOST_MOVES * 1.1) this.moves = this.moves.slice(-MOST_MOVES);
    return news.length;
  }

  /** Of all services where none is named. */
  since(service: string | undefined, sinceUnixMs: number): readonly KeptMove[] {
    return this.moves.filter(
      (move) => move.atUnixMs >= sinceUnixMs && (service === undefined || move.service === service),
    );
  }
}
