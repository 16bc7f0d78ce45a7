/**
 * Keeps the one incident of an instance: takes in what probes, hands and registry tell, and writes what core/domain/incident
 * makes of it into the journal. It owns the timer that closes an incident, and decides nothing.
 */
import {
  nextIncident,
  resumeIncident,
  WELL,
  type IncidentEvent,
  type IncidentState,
  type IncidentStep,
  type Moment,
} from '../core/domain/incident';
import type { Incident } from '../core/domain/incident-record';
import type { Clock } from '../core/time/clock';
import type { Journal, Log } from './ports';

export interface IncidentPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every step that goes on record, for figures. */
  readonly onRecord?: ((service: string, instance: string, step: IncidentStep) => void) | undefined;
}

export interface IncidentIdentity {
  readonly service: string;
  readonly instance: string;
  readonly agent: string;
}

export class IncidentTracker {
  private state: IncidentState = WELL;
  private stopped = false;
  private cancelClose: (() => void) | undefined;

  constructor(
    private readonly identity: IncidentIdentity,
    /** A server that has been back for so long is well: its incident is closed. */
    private readonly stableAfterMs: number,
    private readonly ports: IncidentPorts,
  ) {}

  /** The id of the open incident. */
  get current(): string | undefined {
    return this.state.name === 'open' ? this.state.id : undefined;
  }

  /** An incident is open, and its server not back yet. */
  get isDown(): boolean {
    return this.state.name === 'open' && this.state.phase !== 'rejoined';
  }

  /** Goes on with the incident that another run left open. For once, before anything else. */
  resume(left: Incident): void {
    const { id, phase, startedUnixMs, steps } = left;
    const last = steps.at(-1);
    if (phase === 'closed' || phase === 'drill' || last === undefined) return;
    this.state = resumeIncident({ id, phase, startedUnixMs, steps: last.seq, afterMs: last.afterMs }, this.now());
    const cut = last.kind === 'acting' ? `; its end came during "${last.sentence}", which counts as done` : '';
    this.take({ kind: 'resumed', source: 'agent', sentence: `the agent started again and found this open${cut}` });
    if (phase === 'rejoined') this.closeLater();
  }

  take(event: IncidentEvent): void {
    if (this.stopped) return;
    const { state, steps } = nextIncident(this.state, event, this.now(), this.identity.instance);
    const id = this.current ?? (state.name === 'open' ? state.id : '');
    this.state = state;
    for (const step of steps) this.record(id, step);
  }

  /** Takes in nothing more; idempotent. An incident that nobody said is over stays open: the next run goes on with it. */
  stop(): void {
    this.stopped = true;
    this.keepOpen();
  }

  private keepOpen(): void {
    this.cancelClose?.();
    this.cancelClose = undefined;
  }

  private record(id: string, step: IncidentStep): void {
    const { journal, log, onRecord } = this.ports;
    journal.append({ ...step, incident: id, ...this.identity });
    onRecord?.(this.identity.service, this.identity.instance, step);
    const { instance } = this.identity;
    if (step.kind === 'detected')
      log.write('warn', `${instance}: incident ${id} begins: ${step.sentence}`, { incident: id });
    if (step.kind === 'closed')
      log.write('info', `${instance}: incident ${id} is closed after ${step.afterMs} ms: ${step.sentence}`, {
        incident: id,
        outcome: step.outcome ?? '',
      });
    if (step.kind === 'rejoined') this.closeLater();
    if (step.kind === 'relapsed' || step.kind === 'closed') this.keepOpen();
  }

  private closeLater(): void {
    this.keepOpen();
    this.cancelClose = this.ports.clock.after(this.stableAfterMs, () => {
      this.cancelClose = undefined;
      const sentence = `the server has been well for ${Math.round(this.stableAfterMs / 100) / 10} s`;
      this.take({ kind: 'settled', source: 'agent', sentence });
    });
  }

  private now(): Moment {
    return { nowMs: this.ports.clock.nowMs(), unixMs: this.ports.clock.unixMs() };
  }
}
