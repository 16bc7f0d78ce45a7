/**
 * Decides how fit one endpoint is to take calls, from everything that is known of it at this moment.
 * It never looks at other endpoints: comparing them is core/decide/failover.
 */
import { isServing, type Health } from '../domain/health';
import type { EjectionState } from './ejection';

/** The caller's own connection. `failing` lasts until the next `ready`, through all reconnects in between. */
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'failing';

/** What the server said of itself on this connection (grpc.health.v1 Watch). */
export type ServingState = 'unknown' | 'silent' | 'serving' | 'not-serving';

export interface EndpointFacts {
  readonly connection: ConnectionState;
  /** Why the connection is as it is: `connection refused`. */
  readonly connectionReason: string;
  readonly serving: ServingState;
  /** What the catalog said last. */
  readonly health: Health;
  readonly healthReason: string;
  /** Why it counts as silent; null when it does not, or may not be accused. */
  readonly silent: string | null;
  /** What its real calls have shown. */
  readonly standing: EjectionState;
  /** For how long the catalog has not listed it; null while it is listed. */
  readonly missingForMs: number | null;
}

/**
 * `fit`: gets calls. `pending`: not known yet, soon will be. `last-resort`: it seems to answer although it should get
 * no calls. `desperate`: connected, but it says itself that it cannot, or says nothing. `unfit`: a call would be lost.
 */
export type Fitness = 'fit' | 'pending' | 'last-resort' | 'desperate' | 'unfit';

export interface Judgement {
  readonly fitness: Fitness;
  readonly reason: string;
}

/**
 * The own connection outweighs the catalog when it brings bad news (it is faster), and the catalog outweighs the
 * connection when the server looks well (its agent may know more). Absence from the catalog is not death: an instance
 * that still serves stays fit for `missingGraceMs`, because a Consul that lost its state lists nobody for a while.
 */
export function judge(facts: EndpointFacts, missingGraceMs: number): Judgement {
  switch (facts.connection) {
    case 'idle':
    case 'connecting':
      return { fitness: 'pending', reason: facts.connectionReason };
    case 'failing':
      return { fitness: 'unfit', reason: facts.connectionReason };
    case 'ready':
      return judgeConnected(facts, missingGraceMs);
  }
}

function judgeConnected(facts: EndpointFacts, missingGraceMs: number): Judgement {
  if (facts.serving === 'not-serving') return { fitness: 'desperate', reason: 'the server says NOT_SERVING' };
  if (facts.silent !== null) return { fitness: 'desperate', reason: facts.silent };
  switch (facts.serving) {
    case 'unknown':
      return { fitness: 'pending', reason: 'connected, waiting for its first health answer' };
    case 'silent':
      return { fitness: 'last-resort', reason: 'connected, but its health service does not answer' };
    case 'serving':
      return judgeByCalls(facts) ?? judgeByCatalog(facts, missingGraceMs);
  }
}

function judgeByCalls({ standing }: EndpointFacts): Judgement | null {
  switch (standing.phase) {
    case 'in':
      return null;
    case 'ejected':
      return { fitness: 'last-resort', reason: `it says SERVING, but ${standing.cause.text}` };
    case 'probation':
      return { fitness: 'last-resort', reason: `${standing.cause.text}; it is tried with one call at a time` };
  }
}

function judgeByCatalog(facts: EndpointFacts, missingGraceMs: number): Judgement {
  if (facts.missingForMs !== null) {
    const since = `not in the catalog for ${Math.round(facts.missingForMs)} ms`;
    if (facts.missingForMs >= missingGraceMs)
      return { fitness: 'last-resort', reason: `${since}, though it still serves` };
    if (isServing(facts.health)) return { fitness: 'fit', reason: `connected and serving, ${since}` };
    // Absence is no good news either: the last word stands.
  }
  return isServing(facts.health)
    ? { fitness: 'fit', reason: 'connected and serving' }
    : { fitness: 'last-resort', reason: `the catalog says ${facts.health}: ${facts.healthReason}` };
}
