/**
 * What callers tell an agent, and what it tells of that: their calls, by minute and method, and their moves. It keeps all of
 * it in memory, bounded, and takes each message once.
 */
import { z } from 'zod';
import { TallyBook } from '../../core/measure/call-tally';
import { MethodBook } from '../../core/measure/method-tally';
import { MoveBook } from '../../core/measure/move-book';
import type { Clock } from '../../core/time/clock';

const count = z.int().min(0);
const name = z.string().min(1).max(128);
const instance = z.string().min(1).max(256);
const client = z.string().min(1).max(100);

const method = z.strictObject({
  ...{ calls: count, failuresSeen: count, failuresHidden: count },
  instances: z.record(instance, z.strictObject({ attempts: count, failures: count })),
});
const tally = z.strictObject({
  ...{ calls: count, attempts: count, failuresSeen: count, failuresHidden: count },
  methods: z.record(z.string().min(1).max(512), method).optional(),
});
const callsSchema = z.strictObject({ client, seq: count, services: z.record(name, tally) });

const moved = {
  ...{ service: name, seq: z.int().min(1), atUnixMs: count },
  ...{ reason: z.string().max(500), afterMs: count.optional() },
};
/** -1 leads by an operator's order. */
const tier = z.int().min(-1);
const moveSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...moved, kind: z.enum(['failover', 'failback']), from: tier, to: tier }),
  z.strictObject({ ...moved, kind: z.enum(['ejected', 'returned']), instance, tier }),
]);
const movesSchema = z.strictObject({ client, moves: z.array(moveSchema).max(1000) });

export class ToldCalls {
  private readonly tallies = new TallyBook();
  private readonly methods = new MethodBook();
  private readonly moves = new MoveBook();

  constructor(private readonly clock: Clock) {}

  calls(service: string, sinceUnixMs: number): object {
    return {
      minutes: this.tallies.since(service, sinceUnixMs),
      methods: this.methods.since(service, sinceUnixMs),
    };
  }

  movesSince(service: string | undefined, sinceUnixMs: number): object {
    return { moves: this.moves.since(service, sinceUnixMs) };
  }

  /** @returns whether it was new; an error of zod's: what is wrong with it */
  takeCalls(body: unknown): boolean | z.ZodError {
    const { success, data, error } = callsSchema.safeParse(body);
    if (!success) return error;
    const nowUnixMs = this.clock.unixMs();
    const taken = this.tallies.take(data, nowUnixMs);
    if (taken)
      for (const [service, { methods }] of Object.entries(data.services))
        if (methods !== undefined) this.methods.take(service, methods, nowUnixMs);
    return taken;
  }

  /** @returns how many were new; an error of zod's: what is wrong with them */
  takeMoves(body: unknown): number | z.ZodError {
    const { success, data, error } = movesSchema.safeParse(body);
    return success ? this.moves.take(data) : error;
  }
}
