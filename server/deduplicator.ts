/**
 * Decides what becomes of a call that carries an id: executed, answered as before, or refused. It never lets one id be
 * executed twice, and never answers what was not answered. It knows no transport.
 */
import type { CallId } from '../core/decide/call-id';
import type { Clock } from '../core/time/clock';
import { sleep } from '../runtime/sleep';
import type { Answer, Claim, DedupStore } from './dedup-store';

export interface Attempt {
  readonly id: CallId;
  readonly fingerprint: string;
  /** The caller says that it is not the first attempt. */
  readonly repeated: boolean;
}

export type RefusalCode = 'INVALID_ARGUMENT' | 'ABORTED' | 'UNAVAILABLE';

export type Admission =
  /** Execute it, and then settle or release it. */
  | { readonly kind: 'execute' }
  | { readonly kind: 'replay'; readonly answer: Answer }
  /** It is not executed now. ABORTED: whether it was executed before, nobody can tell. */
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly details: string }
  /** Its caller has gone; nothing needs to be said or done. */
  | { readonly kind: 'gone' };

interface Running {
  readonly fingerprint: string;
  readonly ended: Promise<Answer | null>;
  readonly end: (answer: Answer | null) => void;
}

/** How often a store is asked about a call that another server executes. */
const FIRST_LOOK_MS = 5;
const LAST_LOOK_MS = 100;

const GONE: Admission = { kind: 'gone' };

export class Deduplicator {
  /** What this server claims or executes now. */
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly store: DedupStore,
    private readonly clock: Clock,
  ) {}

  /** Waits while somebody else executes the call. @param signal aborts when the caller has gone */
  async admit(attempt: Attempt, signal: AbortSignal): Promise<Admission> {
    const { id, fingerprint } = attempt;
    for (let lookMs = FIRST_LOOK_MS; !signal.aborted; lookMs = Math.min(2 * lookMs, LAST_LOOK_MS)) {
      const running = this.running.get(id.text);
      if (running !== undefined) {
        if (running.fingerprint !== fingerprint) return otherRequest(id);
        const answer = await endOf(running, signal);
        if (answer !== null) return { kind: 'replay', answer };
        continue;
      }
      const admission = await this.claim(attempt, signal);
      if (admission !== 'held') return admission;
      await sleep(this.clock, lookMs, signal);
    }
    return GONE;
  }

  /** The call was executed. Resolves when that will not be forgotten, or cannot be written down; never rejects. */
  async settle(id: CallId, answer: Answer): Promise<void> {
    // What the store does not learn stays claimed: nobody executes it again.
    await this.store.settle(id, answer).catch(() => undefined);
    this.end(id, answer);
  }

  /** The call was provably not executed. Never rejects. */
  async release(id: CallId): Promise<void> {
    await this.store.release(id).catch(() => undefined);
    this.end(id, null);
  }

  private async claim(attempt: Attempt, signal: AbortSignal): Promise<Admission | 'held'> {
    const { id, fingerprint, repeated } = attempt;
    this.begin(id, fingerprint);
    let claim: Claim;
    try {
      claim = await this.store.claim(id, fingerprint);
    } catch (error) {
      this.end(id, null);
      const why = error instanceof Error ? error.message : String(error);
      return refusal('UNAVAILABLE', `not executed: the store of call ids cannot be asked: ${why}`);
    }
    if (claim.state === 'mine') {
      const elsewhere = repeated && !this.store.shared;
      if (!elsewhere && !signal.aborted) return { kind: 'execute' };
      await this.release(id);
      return signal.aborted ? GONE : unknownHere(id);
    }
    this.end(id, null);
    if (claim.state === 'lost') {
      return refusal('ABORTED', `nobody can tell whether call ${id.text} was executed: ${claim.reason}`);
    }
    if (claim.fingerprint !== fingerprint) return otherRequest(id);
    return claim.state === 'held' ? 'held' : { kind: 'replay', answer: claim.answer };
  }

  private begin(id: CallId, fingerprint: string): void {
    let end: Running['end'] = () => undefined;
    const ended = new Promise<Answer | null>((resolve) => (end = resolve));
    this.running.set(id.text, { fingerprint, ended, end });
  }

  private end(id: CallId, answer: Answer | null): void {
    const running = this.running.get(id.text);
    this.running.delete(id.text);
    running?.end(answer);
  }
}

async function endOf({ ended }: Running, signal: AbortSignal): Promise<Answer | null> {
  let leave = (): void => undefined;
  const gone = new Promise<null>((resolve) => {
    leave = () => resolve(null);
    signal.addEventListener('abort', leave, { once: true });
  });
  const answer = await Promise.race([ended, gone]);
  signal.removeEventListener('abort', leave);
  return answer;
}

function refusal(code: RefusalCode, details: string): Admission {
  return { kind: 'refuse', code, details };
}

function otherRequest(id: CallId): Admission {
  return refusal('INVALID_ARGUMENT', `not executed: call id ${id.text} was used for another request`);
}

function unknownHere(id: CallId): Admission {
  const why = 'it is a repetition, this server does not know it, and servers do not share their call ids';
  return refusal('ABORTED', `nobody can tell whether call ${id.text} was executed: ${why}`);
}
