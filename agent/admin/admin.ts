/**
 * The admin side of an agent as a whole: its server, its drains, its figures. It is started before the agent, because the
 * registry must be told the port, and answers about it once it is there.
 */
import { readFileSync } from 'node:fs';
import { version } from '../../package.json';
import type { Plea } from '../../core/decide/client-plea';
import type { Clock } from '../../core/time/clock';
import { OperatorDrain, type DrainPorts } from '../operator-drain';
import type { Journal, Log } from '../ports';
import type { ServiceRunner } from '../service-runner';
import { AdminServer, type AdminAnswer, type AdminRequest } from './admin-server';
import { adminRoutes } from './admin-routes';
import { AgentMetrics } from './agent-metrics';

export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
}

export interface AdminParts extends DrainPorts {
  readonly agent: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Log;
}

export class Admin {
  readonly metrics = new AgentMetrics(() => this.runners.map((runner) => runner.figures()));
  private runners: readonly ServiceRunner[] = [];
  private answer: (request: AdminRequest) => Promise<AdminAnswer> = () =>
    Promise.resolve({ status: 503, body: { error: 'the agent is starting' } });
  private readonly server: AdminServer;
  private readonly stopper = new AbortController();
  private drains: readonly Promise<void>[] = [];

  /** @throws the system's error when the token cannot be read */
  constructor(
    { host, port, tokenFile }: AdminConfig,
    private readonly parts: AdminParts,
  ) {
    const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
    if (token === '') throw new Error(`${tokenFile ?? ''} is empty`);
    this.server = new AdminServer({ host, port, token, answer: (request) => this.answer(request) });
  }

  /** Rejects with the system's error when it cannot listen. @returns the port */
  start(): Promise<number> {
    return this.server.start();
  }

  /** The agent is there. */
  serve(runners: readonly ServiceRunner[]): void {
    this.runners = runners;
    const { signal } = this.stopper;
    const services = runners.map((runner) => {
      const drain = new OperatorDrain({ service: runner.figures().service, instance: runner.id }, this.parts);
      this.drains = [...this.drains, drain.run(signal)];
      return {
        id: runner.id,
        figures: () => ({ ...runner.figures(), drained: drain.drained, drainKnownMs: drain.knownMs }),
        restart: (reason: string) => runner.restart(reason),
        plead: (plea: Plea) => runner.plead(plea),
        drain: (reason: string, forMs: number) => drain.drain(reason, forMs),
        undrain: () => drain.undrain(),
      };
    });
    this.answer = adminRoutes({ ...this.parts, version, metrics: this.metrics, services });
  }

  /** The agent leaves: its own maintenance must not be undone. Idempotent. */
  quiet(): void {
    this.stopper.abort();
  }

  /** Idempotent; never rejects. */
  async stop(): Promise<void> {
    this.quiet();
    await Promise.all([this.server.stop(), ...this.drains]);
  }
}
