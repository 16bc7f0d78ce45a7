/**
 * Asks the agent of an instance that is unfit for this client to restart it. When and whom to ask is decided in
 * core/decide/ask-restart; whether anything is done, by the agent. No call waits for it, and it keeps no process alive.
 */
import {
  judgeAsk,
  standingAfter,
  standingAfterAsking,
  standingAfterLook,
  UNKNOWN_STANDING,
  type AskVerdict,
  type Standing,
} from '../core/decide/ask-restart';
import type { Candidate } from '../core/decide/failover';
import { AGENT_SERVICE, hostPort, type CatalogEntry } from '../core/domain/instance';
import type { Clock, Rng } from '../core/time/clock';
import type { Catalog, WatchQuery } from '../registry/port';
import { postToAgent } from './agent-post';

/** What came of the wish for a restart. */
export interface RestartAsked {
  readonly instance: string;
  /** Id of the agent that was asked; null: nobody was. */
  readonly agent: string | null;
  /** The agent does something about it. */
  readonly accepted: boolean;
  readonly reason: string;
}

/** Where a service is registered. */
export interface AskPlace {
  readonly catalog: Pick<Catalog, 'snapshot'>;
  readonly query: WatchQuery;
}

export interface AskerParts {
  readonly afterMs: number;
  /** The token that agents want; '' for none. */
  readonly token: string;
  /** Unique to this process. */
  readonly client: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly tell: (service: string, asked: RestartAsked) => void;
}

interface Known {
  readonly standing: Standing;
  readonly fit: boolean;
  /** Why it is as it is. */
  readonly why: string;
  readonly cancel: () => void;
}

type Instances = Map<string, Known>;

const NOTHING = (): void => undefined;
/** Of one service; instances that left go first. */
const MOST_KNOWN = 1000;
const LONGEST_WHY = 500;

export class RestartAsker {
  private readonly services = new Map<string, Instances>();
  private readonly stopper = new AbortController();

  constructor(private readonly parts: AskerParts) {}

  /** An endpoint has another fitness than before. */
  take(place: AskPlace, { id, fitness, reason }: Candidate): void {
    if (this.stopper.signal.aborted) return;
    const { service } = place.query;
    const all: Instances = this.services.get(service) ?? new Map<string, Known>();
    this.services.set(service, all);
    const before = all.get(id)?.standing ?? UNKNOWN_STANDING;
    const { afterMs, clock, rng } = this.parts;
    const fit = fitness === 'fit';
    this.keep(place, all, id, { fit, why: reason, standing: standingAfter(before, fit, afterMs, clock.nowMs(), rng) });
  }

  /** Asks nobody any more; idempotent. */
  stop(): void {
    this.stopper.abort(new Error('the client is closed'));
    for (const all of this.services.values()) {
      for (const { cancel } of all.values()) cancel();
      all.clear();
    }
  }

  private keep(place: AskPlace, all: Instances, id: string, known: Omit<Known, 'cancel'>): void {
    const { clock } = this.parts;
    const { askAtMs } = known.standing;
    all.get(id)?.cancel();
    all.delete(id);
    const waitMs = Math.max(0, (askAtMs ?? 0) - clock.nowMs());
    const cancel = askAtMs === null ? NOTHING : clock.after(waitMs, () => void this.look(place, all, id));
    all.set(id, { ...known, cancel });
    const [oldest] = all;
    if (all.size <= MOST_KNOWN || oldest === undefined) return;
    oldest[1].cancel();
    all.delete(oldest[0]);
  }

  private async look(place: AskPlace, all: Instances, id: string): Promise<void> {
    const { clock, rng, tell } = this.parts;
    const before = all.get(id);
    if (before === undefined) return;
    this.keep(place, all, id, { ...before, standing: standingAfterLook(before.standing, clock.nowMs(), rng) });
    const { agent, reason } = await this.whom(place, all, id);
    const known = all.get(id);
    // It may be fit again since.
    if (known === undefined || known.fit) return;
    const asked = { instance: id, reason };
    if (agent === null) {
      tell(place.query.service, { ...asked, agent, accepted: false });
      return;
    }
    this.keep(place, all, id, { ...known, standing: standingAfterAsking(known.standing, clock.nowMs(), rng) });
    const answer = await this.ask(agent, id, `${known.why}; ${reason}`);
    if (!this.stopper.signal.aborted) tell(place.query.service, { ...asked, ...answer });
  }

  private async whom({ catalog, query }: AskPlace, all: Instances, id: string): Promise<AskVerdict> {
    const { signal } = this.stopper;
    const { datacenter } = query;
    const agentQuery = { service: AGENT_SERVICE, ...(datacenter !== undefined && { datacenter }) };
    try {
      const [{ instances }, { instances: agents }] = await Promise.all([
        catalog.snapshot(query, signal),
        catalog.snapshot(agentQuery, signal),
      ]);
      const fit = new Set([...all].filter(([, known]) => known.fit).map(([one]) => one));
      return judgeAsk({ id, instances, agents, fit });
    } catch (error) {
      return { agent: null, reason: `the registry does not answer: ${error instanceof Error ? error.message : ''}` };
    }
  }

  private async ask(agent: CatalogEntry, instance: string, why: string): Promise<Omit<RestartAsked, 'instance'>> {
    const { client, clock, token } = this.parts;
    const wish = { action: 'plead', instance, client, why: why.slice(0, LONGEST_WHY) };
    const { status, text } = await postToAgent({ url: `http://${hostPort(agent)}`, token }, '/v1/actions', wish, clock);
    return {
      agent: agent.id,
      accepted: status === 200,
      reason: status === 0 ? 'its agent does not answer' : said(text),
    };
  }
}

/** The sentence in an agent's answer. */
function said(text: string): string {
  try {
    const { done, error } = JSON.parse(text) as { readonly done?: unknown; readonly error?: unknown };
    return [done, error].find((sentence) => typeof sentence === 'string') ?? text;
  } catch {
    return text;
  }
}
