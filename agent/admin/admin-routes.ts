/**
 * What the admin server answers: how the agent and its servers are, their incidents, figures for Prometheus, and what an
 * operator may ask for. A mistake in a request is told with what is allowed.
 */
import { z } from 'zod';
import type { Plea } from '../../core/decide/client-plea';
import { foldIncidents, incidentMatches } from '../../core/domain/incident-record';
import type { Clock } from '../../core/time/clock';
import type { Journal } from '../ports';
import type { ServiceFigures } from '../service-ports';
import type { AgentMetrics } from './agent-metrics';
import type { AdminAnswer, AdminRequest } from './admin-server';
import { ToldCalls } from './told-calls';

/** What an operator may do to one instance; each answers with a sentence, or says why not. */
export interface Operated {
  readonly id: string;
  figures(): ServiceFigures;
  restart(reason: string): string | undefined;
  /** A client finds the server unfit. */
  plead(plea: Plea): string | undefined;
  drain(reason: string, forMs: number): void;
  /** False: it was not drained. */
  undrain(): boolean;
}

export interface AdminPorts {
  /** The agent's stable id. */
  readonly agent: string;
  readonly version: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly metrics: AgentMetrics;
  readonly services: readonly Operated[];
}

const MOST_DRAIN_MS = 7 * 86_400_000;
const reason = z.string().min(1).max(500);
const instance = z.string().min(1).max(256);
const actionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('restart'), instance, reason }),
  z.strictObject({ action: z.literal('plead'), instance, client: z.string().min(1).max(100), why: reason }),
  z.strictObject({ action: z.literal('drain'), instance, reason, forMs: z.number().min(1000).max(MOST_DRAIN_MS) }),
  z.strictObject({ action: z.literal('undrain'), instance }),
]);

export function adminRoutes(ports: AdminPorts): (request: AdminRequest) => Promise<AdminAnswer> {
  const { agent, version, clock, journal, metrics, services } = ports;
  const startedMs = clock.nowMs();
  const startedUnixMs = clock.unixMs();
  const told = new ToldCalls(clock);
  const routes: Readonly<Record<string, (request: AdminRequest) => Promise<AdminAnswer>>> = {
    'GET /v1/health': () => ok({ agent, ok: true }),
    'GET /v1/status': () =>
      ok({
        ...{
          agent,
          version,
          pid: process.pid,
          upMs: Math.round(clock.nowMs() - startedMs),
          journal: journal.description,
        },
        services: services.map((service) => service.figures()),
      }),
    'GET /v1/incidents': async ({ query }) => {
      const wanted = wantedBy(query);
      if (typeof wanted === 'string') return fault(400, wanted);
      const incidents = foldIncidents(await journal.read()).filter((one) => incidentMatches(one, wanted));
      return ok({ agent, incidents });
    },
    'GET /metrics': async () => ({ status: 200, body: await metrics.text(), contentType: metrics.contentType }),
    'GET /v1/calls': ({ query }) => {
      const wanted = wantedBy(query);
      if (typeof wanted === 'string') return Promise.resolve(fault(400, wanted));
      const { service = '', sinceUnixMs = 0 } = wanted;
      const own = services.map((one) => one.figures()).filter((one) => one.service === service);
      const observations = own.map(({ id: instance }) => ({ instance, sinceUnixMs: startedUnixMs }));
      return ok({ agent, observations, ...told.calls(service, sinceUnixMs) });
    },
    'POST /v1/calls': ({ body }) => taken(told.takeCalls(body)),
    'GET /v1/moves': ({ query }) => {
      const wanted = wantedBy(query);
      if (typeof wanted === 'string') return Promise.resolve(fault(400, wanted));
      return ok({ agent, ...told.movesSince(wanted.service, wanted.sinceUnixMs ?? 0) });
    },
    'POST /v1/moves': ({ body }) => taken(told.takeMoves(body)),
    'POST /v1/actions': ({ body }) => Promise.resolve(act(body, services)),
  };
  return (request) =>
    routes[request.route]?.(request) ??
    Promise.resolve(fault(404, `there is no ${request.route}; there is ${Object.keys(routes).join(', ')}`));
}

function act(body: unknown, services: readonly Operated[]): AdminAnswer {
  const parsed = actionSchema.safeParse(body);
  if (!parsed.success) return fault(400, faultsOf(parsed.error));
  const wanted = parsed.data;
  const service = services.find(({ id }) => id === wanted.instance);
  if (service === undefined) return fault(404, `this agent does not look after ${wanted.instance}`);
  switch (wanted.action) {
    case 'restart': {
      const refused = service.restart(wanted.reason);
      if (refused !== undefined) return fault(409, refused);
      return { status: 200, body: { done: `${service.id} is being restarted` } };
    }
    case 'plead': {
      const refused = service.plead(wanted);
      if (refused !== undefined) return fault(409, refused);
      return { status: 200, body: { done: `${service.id} counts as ill now` } };
    }
    case 'drain': {
      service.drain(wanted.reason, wanted.forMs);
      return { status: 200, body: { done: `${service.id} is drained: callers leave it, and its server runs on` } };
    }
    case 'undrain':
      if (!service.undrain()) return fault(409, `${service.id} is not drained`);
      return { status: 200, body: { done: `${service.id} gets calls again` } };
  }
}

/** A text: what is wrong with it. */
function wantedBy(query: URLSearchParams): { readonly service?: string; readonly sinceUnixMs?: number } | string {
  const service = query.get('service') ?? undefined;
  const since = query.get('since') ?? undefined;
  if (since !== undefined && !/^\d{1,16}$/.test(since)) return 'since: a Unix time in ms';
  return { ...(service !== undefined && { service }), ...(since !== undefined && { sinceUnixMs: Number(since) }) };
}

function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** What callers told was taken, or what is wrong with it. */
function taken(what: boolean | number | z.ZodError): Promise<AdminAnswer> {
  return what instanceof z.ZodError ? Promise.resolve(fault(400, faultsOf(what))) : ok({ taken: what });
}

function ok(body: unknown): Promise<AdminAnswer> {
  return Promise.resolve({ status: 200, body });
}

function fault(status: number, error: string): AdminAnswer {
  return { status, body: { error } };
}
