/**
 * One call as grpc-js carries it out: picks, queues, retries, and ends (retrying-call.ts and load-balancing-call.ts of
 * 1.14). The real config selector and the real picker say what it may do, and the real client sends it elsewhere below what
 * is seen here; it decides nothing.
 */
import { Metadata, status } from '@grpc/grpc-js';
import type { CallConfigSelector } from '../client/call-config';
import type { Picker } from '../client/grpc-experimental';
import type { SimProcess } from './sim-process';
import { CALL_KEY } from './subchannel';
import type { WireStatus } from './wire';

export interface CallPorts {
  readonly process: SimProcess;
  readonly picker: () => Picker | null;
  /** Tell `again` when there is another picker. */
  readonly queue: (again: () => void) => void;
}

export interface CallEnd {
  readonly code: status;
  readonly details: string;
}

type Config = ReturnType<CallConfigSelector['invoke']>;

interface Attempt {
  isActive: boolean;
  cancel: (code: status, details: string) => void;
}

const REFUSED_STREAM = 7;
/** The members of grpc-js's PickResultType. */
const COMPLETE = 0;
const QUEUE = 1;
const DROP = 3;

type Progress = 'processed' | 'not-started' | 'refused' | 'drop';

export class SimCall {
  private readonly attempts: Attempt[] = [];
  private counted = 1;
  private ended = false;
  private transparentlyRepeated = false;
  private cancelDeadline: () => void = () => undefined;

  constructor(
    readonly id: number,
    private readonly config: Config,
    private readonly ports: CallPorts,
    private readonly onEnd: (end: CallEnd) => void,
  ) {}

  start(deadlineMs: number): void {
    const { process } = this.ports;
    this.cancelDeadline = process.after(deadlineMs, () => this.report(status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
    this.attempt();
  }

  private attempt(): void {
    const attempt: Attempt = { isActive: true, cancel: () => undefined };
    this.attempts.push(attempt);
    this.place(attempt);
  }

  private place(attempt: Attempt): void {
    if (!attempt.isActive || this.ended) return;
    const picker = this.ports.picker();
    const again = (): void => this.place(attempt);
    if (picker === null) {
      this.ports.queue(again);
      return;
    }
    const metadata = new Metadata();
    metadata.set(CALL_KEY, String(this.id));
    const picked = picker.pick({ metadata, extraPickInfo: this.config.pickInformation });
    if ((picked.pickResultType as number) === QUEUE) this.ports.queue(again);
    else if ((picked.pickResultType as number) === COMPLETE) this.send(attempt, picked, metadata);
    else {
      const { code, details } = picked.status ?? { code: status.UNAVAILABLE, details: 'dropped' };
      this.attemptEnded(attempt, { code, details }, (picked.pickResultType as number) === DROP ? 'drop' : 'processed');
    }
  }

  private send(attempt: Attempt, picked: ReturnType<Picker['pick']>, metadata: Metadata): void {
    let hasEnded = false;
    const call = picked.subchannel?.getRealSubchannel().createCall(
      metadata,
      '',
      this.path,
      {
        onReceiveMetadata: () => undefined,
        onReceiveMessage: () => undefined,
        onReceiveStatus: (end: WireStatus) => {
          if (hasEnded) return;
          hasEnded = true;
          picked.onCallEnded?.(end.code, end.details, end.metadata);
          this.attemptEnded(attempt, end, end.rstCode === REFUSED_STREAM ? 'refused' : 'processed');
        },
      },
      this.id,
    );
    picked.onCallStarted?.();
    attempt.cancel = (code, details) => call?.cancelWithStatus(code, details);
  }

  private get path(): string {
    return (this.config.pickInformation as unknown as { readonly path: string }).path;
  }

  private attemptEnded(attempt: Attempt, end: CallEnd, progress: Progress): void {
    if (!attempt.isActive) return;
    attempt.isActive = false;
    if (end.code === status.OK || progress === 'drop') this.report(end.code, end.details);
    else if (progress === 'not-started') this.attempt();
    else if (progress === 'refused' && !this.transparentlyRepeated) {
      this.transparentlyRepeated = true;
      this.attempt();
    } else this.failed(end);
  }

  private failed(end: CallEnd): void {
    const { retryPolicy } = this.config.methodConfig;
    if (retryPolicy?.retryableStatusCodes.includes(end.code) !== true || this.counted >= retryPolicy.maxAttempts) {
      this.report(end.code, end.details);
      return;
    }
    const { initialBackoff, maxBackoff, backoffMultiplier } = retryPolicy;
    const [initialMs = 0, maxMs = 0] = [initialBackoff, maxBackoff].map((text) => Number.parseFloat(text) * 1_000);
    const pauseMs = Math.min(maxMs, initialMs * backoffMultiplier ** (this.counted - 1));
    this.counted += 1;
    this.ports.process.after(pauseMs, () => this.attempt());
  }

  private report(code: status, details: string): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelDeadline();
    for (const attempt of this.attempts) {
      if (!attempt.isActive) continue;
      attempt.isActive = false;
      attempt.cancel(code, details);
    }
    for (const factory of this.config.dynamicFilterFactories) {
      factory.createFilter().receiveTrailers({ code, details, metadata: new Metadata() });
    }
    this.onEnd({ code, details });
  }
}
