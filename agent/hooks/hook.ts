/**
 * One recovery action as the agent runs it: what it is told, what it answers, and the hard end that each of them has. A hook
 * decides nothing; it does what it is and says how it went.
 */
import type { Clock } from '../../core/time/clock';
import { asError, withDeadline } from '../deadline';
import { formatDuration } from '../../core/time/duration';

/** Why a hook is run, for the hook. */
export interface HookContext {
  readonly service: string;
  readonly instance: string;
  /** Id of the incident. */
  readonly incident: string;
  readonly reason: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Of a guardian: who acts with a smaller one is too late, and may be refused. */
  readonly fence?: string;
}

export interface HookResult {
  readonly ok: boolean;
  /** One sentence, `/opt/reload ended with exit code 3`. Never a secret. */
  readonly how: string;
  /** The end of what it printed. */
  readonly output?: string;
}

export interface Hook {
  /** `exec`, `webhook`: the kind of the action. */
  readonly type: string;
  /** What it does, for people: `run /opt/reload`. Never a secret. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Ends soon when `signal` aborts, and leaves nothing running then. May reject; that is a failure. */
  run(context: HookContext, signal: AbortSignal): Promise<HookResult>;
}

export interface TimedResult extends HookResult {
  readonly tookMs: number;
}

/** From the end of a hook's time until nobody waits for it any more. */
const LAST_PATIENCE_MS = 2000;

/** Runs a hook to its end, its failure or the end of its time. Never rejects. */
export async function runHook(
  hook: Hook,
  context: HookContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<TimedResult> {
  const startedMs = clock.nowMs();
  const ending = new AbortController();
  const onAbort = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const late = new Error('its time is over');
  const cancel = clock.after(hook.timeoutMs, () => ending.abort(late));
  const result = await lastResort(hook, context, clock, ending.signal);
  cancel();
  signal.removeEventListener('abort', onAbort);
  const tookMs = Math.round(clock.nowMs() - startedMs);
  if (ending.signal.reason !== late) return { ...result, tookMs };
  const how = `${hook.what} did not end within ${formatDuration(hook.timeoutMs)} and was stopped`;
  return { ...result, ok: false, how, tookMs };
}

async function lastResort(hook: Hook, context: HookContext, clock: Clock, signal: AbortSignal): Promise<HookResult> {
  const never = new AbortController().signal;
  const timeoutMs = hook.timeoutMs + LAST_PATIENCE_MS;
  try {
    return await withDeadline({ clock, timeoutMs, signal: never }, () => hook.run(context, signal));
  } catch (error) {
    return { ok: false, how: `${hook.what}: ${asError(error).message}` };
  }
}
