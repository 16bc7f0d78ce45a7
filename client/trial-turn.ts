/**
 * Lets one trial of an endpoint through at a time. One that was taken may never be made, when its caller goes between the
 * pick and the attempt: then the turn is free again after a while.
 */
const STARTS_WITHIN_MS = 1_000;

export class TrialTurn {
  private takenMs: number | null = null;

  /** @param underWay attempts on the endpoint that have not ended */
  take(underWay: number, nowMs: number): boolean {
    const isTaken = this.takenMs !== null && (underWay > 0 || nowMs - this.takenMs < STARTS_WITHIN_MS);
    if (!isTaken) this.takenMs = nowMs;
    return !isTaken;
  }

  /** An attempt has ended. */
  ended(): void {
    this.takenMs = null;
  }
}
