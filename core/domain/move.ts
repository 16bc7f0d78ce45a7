/**
 * What one client did about the endpoints of a service, and why: the client's side of an incident. Types alone.
 */

interface Moved {
  /** The sentence of the decision. */
  readonly reason: string;
  /**
   * How long it took, ms by the client's monotonic clock. Of `failover` and `ejected`: since the first failed or doubted
   * attempt, or other sign, that led to it. Of `failback`: since the tier was fit again; of `returned`: since it was
   * ejected. Missing where no such moment is: an operator ordered it.
   */
  readonly afterMs?: number | undefined;
}

/** The calls left one tier for another. */
export interface TierMove extends Moved {
  readonly kind: 'failover' | 'failback';
  readonly from: number;
  readonly to: number;
}

/** An endpoint that was fit is so no more, or is so again. */
export interface EndpointMove extends Moved {
  readonly kind: 'ejected' | 'returned';
  /** The instance's id. */
  readonly instance: string;
  readonly tier: number;
}

export type Move = TierMove | EndpointMove;

/** One move as it is told to an agent. */
export type ToldMove = Move & {
  readonly service: string;
  /** Counts from 1 within the process of the client. */
  readonly seq: number;
  /** Wall clock of the client's machine, Unix ms. */
  readonly atUnixMs: number;
};

/** One move as an agent keeps it. */
export type KeptMove = ToldMove & {
  /** Whose it is; unique to the process. */
  readonly client: string;
};

/** One message of one client, oldest move first; the same one may come twice. */
export interface MoveReport {
  readonly client: string;
  readonly moves: readonly ToldMove[];
}
