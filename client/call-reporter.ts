/**
 * Brings the counters and the moves of this process to an agent, so that `understudy report` and `explain` speak of real
 * calls. It is fire and forget: no call ever waits for it, and an agent that does not answer is only asked again later.
 */
import type { CallReport, CallTally } from '../core/measure/call-tally';
import type { MoveReport, ToldMove } from '../core/domain/move';
import type { MethodTallies } from '../core/measure/method-tally';
import type { Clock } from '../core/time/clock';
import { sleep } from '../runtime/sleep';
import { postToAgent, type AgentAddress } from './agent-post';

export interface CallReporterParts extends AgentAddress {
  readonly everyMs: number;
  /** Unique to this process. */
  readonly client: string;
  readonly clock: Clock;
  /** What was counted so far, by service. */
  readonly counters: () => Readonly<Record<string, CallTally>>;
  /** Each count is given once. */
  readonly takeMethods: (service: string) => MethodTallies;
  /** The moves of this process after that one, oldest first; not necessarily all of them. */
  readonly movesAfter: (seq: number) => readonly ToldMove[];
}

export class CallReporter {
  private readonly stopper = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private told: Readonly<Record<string, CallTally>> = {};
  private seq = 0;
  /** A message whose arrival is not certain: it is sent again as it was, and the agent takes it once. */
  private tellsMethods = true;
  private pending: CallReport | undefined;
  /** The last move that was told. */
  private movesTold = 0;

  constructor(private readonly parts: CallReporterParts) {}

  start(): void {
    this.running = this.run(this.stopper.signal);
  }

  /** Tells what is left; the first message that is not answered within two seconds ends it. Idempotent, never rejects. */
  async stop(): Promise<void> {
    if (this.stopper.signal.aborted) return;
    this.stopper.abort();
    await this.running;
    await this.tell();
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.parts.clock, this.parts.everyMs, signal);
      if (signal.aborted) return;
      await this.tell();
    }
  }

  private async tell(): Promise<void> {
    if (await this.tellCalls()) await this.tellMoves();
  }

  /** @returns false: the agent is away */
  private async tellCalls(): Promise<boolean> {
    this.pending ??= this.news();
    if (this.pending === undefined) return true;
    let status = await this.send(this.pending);
    if (status === 400 && this.tellsMethods) status = await this.send((this.pending = this.plain(this.pending)));
    // One that refuses it will refuse it again.
    if (status > 0 && status < 500) this.pending = undefined;
    return status > 0;
  }

  /** What has perhaps arrived is told again: the agent takes each move once. An agent of an earlier version takes none. */
  private async tellMoves(): Promise<void> {
    const { client, clock, movesAfter } = this.parts;
    for (let moves = movesAfter(this.movesTold); moves.length > 0; moves = movesAfter(this.movesTold)) {
      const report: MoveReport = { client, moves };
      const { status } = await postToAgent(this.parts, '/v1/moves', report, clock);
      if (status === 0 || status >= 500) return;
      this.movesTold = moves.at(-1)?.seq ?? this.movesTold;
    }
  }

  private news(): CallReport | undefined {
    const counters = this.parts.counters();
    const changed = Object.entries(counters)
      .map(([service, now]) => [service, difference(now, this.told[service]), this.methodsOf(service)] as const)
      .filter(([, { calls, attempts, failuresSeen }, methods]) => calls + attempts + failuresSeen > 0 || methods);
    if (changed.length === 0) return undefined;
    this.told = counters;
    this.seq += 1;
    const services = changed.map(([service, tally, methods]) => [service, { ...tally, ...(methods && { methods }) }]);
    const told = Object.fromEntries(services) as CallReport['services'];
    return { client: this.parts.client, seq: this.seq, services: told };
  }

  /** Counts that nobody is told are taken all the same, so that they do not pile up. */
  private methodsOf(service: string): MethodTallies | undefined {
    const methods = this.parts.takeMethods(service);
    return this.tellsMethods && Object.keys(methods).length > 0 ? methods : undefined;
  }

  /** An agent of an earlier version refuses what it does not know: from then on it is told the totals alone. */
  private plain(message: CallReport): CallReport {
    this.tellsMethods = false;
    const services = Object.entries(message.services).map(([service, tally]) => [
      service,
      { ...tally, methods: undefined },
    ]);
    return { ...message, services: Object.fromEntries(services) as CallReport['services'] };
  }

  /** @returns the status of the answer; 0: nobody knows whether it arrived */
  private async send(message: CallReport): Promise<number> {
    return (await postToAgent(this.parts, '/v1/calls', message, this.parts.clock)).status;
  }
}

function difference(now: CallTally, before: CallTally | undefined): CallTally {
  return {
    calls: now.calls - (before?.calls ?? 0),
    attempts: now.attempts - (before?.attempts ?? 0),
    failuresSeen: now.failuresSeen - (before?.failuresSeen ?? 0),
    failuresHidden: now.failuresHidden - (before?.failuresHidden ?? 0),
  };
}
