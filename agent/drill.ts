/**
 * Moves the calls of one service to its backup for a while, by the calendar: of all agents exactly one, which holds a lock of the
 * registry. When and how long is decided in core/decide/drill; the order has an end of its own, so that it is over even when
 * this agent, or the registry, is not there to take it back.
 */
import {
  drillCourse,
  isSeenTo,
  mayDrill,
  readDrillMark,
  type DrillCourse,
  type DrillMark,
  type DrillPlan,
  type DrillView,
  type RunningDrill,
} from '../core/decide/drill';
import type { Outcome } from '../core/domain/incident';
import { settingsKey, type Order } from '../core/domain/order';
import { readServiceText, textWithOrder, type ServiceText } from '../core/domain/service-text';
import type { Clock } from '../core/time/clock';
import { readSetting, type Catalog, type Lease, type Locks, type Settings } from '../registry/port';
import { sleep } from '../runtime/sleep';
import { asError, withDeadline } from './deadline';
import type { Journal, Log } from './ports';
import { Wakeup } from './wakeup';

export interface DrillOptions extends DrillPlan {
  readonly service: string;
  /** The agent's stable id. */
  readonly owner: string;
}

export interface DrillPorts {
  readonly registry: Pick<Catalog, 'snapshot' | 'watch'> & Locks & Settings;
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Id of an incident of the service that this agent has open. */
  readonly incident: () => string | undefined;
}

/** `signal`: the agent ends. `ending`: that, or the lock is lost. */
interface DrillSignals {
  readonly signal: AbortSignal;
  readonly ending: AbortSignal;
}

/** Consul's least; it may take twice as long until a dead holder's lock is free. */
const LOCK_TTL_MS = 10_000;
const DEAD_HOLDER_MS = 3 * LOCK_TTL_MS;
/** What no watch tells, the own incident, is looked at so often. */
const LOOK_MS = 1000;
const TAKE_BACK_MS = 3000;
const AGAIN_MS = 1000;

export class Drill {
  private readonly wakeup: Wakeup;
  private dueUnixMs: number | undefined;

  constructor(
    private readonly options: DrillOptions,
    private readonly ports: DrillPorts,
  ) {
    this.wakeup = new Wakeup(ports.clock);
  }

  /** Its time has come. One that is under way is not begun anew. */
  due(): void {
    this.dueUnixMs = this.ports.clock.unixMs();
    this.wakeup.wake();
  }

  /** Runs until `signal` aborts, and takes its order back then; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.wakeup.wait(undefined, signal);
      const { dueUnixMs } = this;
      if (signal.aborted) return;
      if (dueUnixMs === undefined) continue;
      try {
        await this.turn(dueUnixMs, signal);
      } catch (error) {
        this.say('warn', `no drill: ${asError(error).message}`);
      }
      this.dueUnixMs = undefined;
    }
  }

  private async turn(dueUnixMs: number, signal: AbortSignal): Promise<void> {
    const lease = await this.lock(signal);
    try {
      const ending = AbortSignal.any([signal, lease.lost]);
      const mark = readDrillMark(await readSetting(this.ports.registry, this.markKey, ending));
      if (isSeenTo(mark, dueUnixMs, this.options)) {
        this.say('info', `${mark.agent} has seen to the drill: ${mark.sentence}`);
        // Nothing is there to take back, unless its agent died in the middle.
        await this.takeBack(mark.atUnixMs, mark.atUnixMs + this.options.forMs, signal);
      } else await this.decide(lease, { signal, ending });
    } finally {
      await lease.release();
    }
  }

  /** Waits for the lock as long as another agent's drill may take, and not into another time of day. */
  private async lock(signal: AbortSignal): Promise<Lease> {
    const { service, owner: holder, forMs } = this.options;
    const late = new AbortController();
    const waitMs = forMs + DEAD_HOLDER_MS;
    const cancel = this.ports.clock.after(waitMs, () => {
      late.abort(new Error(`its lock was not to be had within ${waitMs} ms`));
    });
    try {
      const options = { key: `understudy/drill/${service}`, slots: 1, holder, ttlMs: LOCK_TTL_MS };
      return await this.ports.registry.acquire(options, AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
    }
  }

  private async decide(lease: Lease, signals: DrillSignals): Promise<void> {
    const { signal, ending } = signals;
    const { registry, clock, incident } = this.ports;
    const { service, owner: agent, forMs } = this.options;
    const text = await this.text(ending);
    const { instances } = await registry.snapshot({ service }, ending);
    const atUnixMs = clock.unixMs();
    const view: DrillView = { instances, order: text.order, incident: incident(), unixMs: atUnixMs };
    const { lead, reason } = mayDrill(view, this.options);
    const sentence = lead.length === 0 ? `no drill: ${reason}` : reason;
    const mark: DrillMark = { agent, atUnixMs, sentence };
    await registry.writeSetting(this.markKey, JSON.stringify(mark), ending);
    if (lead.length === 0) {
      this.say('warn', sentence);
      return;
    }
    const order: Order = { lead, atUnixMs, untilUnixMs: atUnixMs + forMs };
    const drill: RunningDrill = { order, members: instances.map(({ id }) => id), startedMs: clock.nowMs() };
    const close = this.open(drill, reason);
    const { end, reason: why } = await this.perform(drill, text, { ...view, order }, signals);
    const cut = signal.aborted ? 'the agent ends' : lease.lost.aborted ? 'its lock was lost' : why;
    close(ending.aborted || end === null ? 'cut-short' : end, cut);
  }

  /** From the order until it is taken back, whatever happens between. */
  private async perform(
    drill: RunningDrill,
    text: ServiceText,
    view: DrillView,
    { signal, ending }: DrillSignals,
  ): Promise<DrillCourse> {
    const { order } = drill;
    try {
      await this.ports.registry.writeSetting(this.key, textWithOrder(text, order), ending);
      return await this.follow(drill, view, ending);
    } catch (error) {
      return { end: 'cut-short', reason: asError(error).message };
    } finally {
      await this.takeBack(order.atUnixMs, order.untilUnixMs ?? 0, signal);
    }
  }

  /** Looks at every news of the service until the drill is over. */
  private async follow(drill: RunningDrill, first: DrillView, ending: AbortSignal): Promise<DrillCourse> {
    const { registry, clock, incident } = this.ports;
    const stopper = new AbortController();
    const inner = AbortSignal.any([ending, stopper.signal]);
    const news = new Wakeup(clock);
    let { instances, order } = first;
    const watching = Promise.all([
      registry.watch(
        { service: this.options.service },
        (event) => {
          if (event.type === 'trouble') instances = null;
          if (event.type === 'snapshot') ({ instances } = event.snapshot);
          news.wake();
        },
        inner,
      ),
      registry.followSetting(
        this.key,
        (event) => {
          if (event.type === 'text') order = readServiceText(event.text)?.order ?? null;
          news.wake();
        },
        inner,
      ),
    ]);
    try {
      for (;;) {
        const view: DrillView = { instances, order, incident: incident(), unixMs: clock.unixMs() };
        const course = drillCourse(drill, view, this.options, clock.nowMs());
        if (course.end !== null || ending.aborted) return course;
        const leftMs = drill.startedMs + this.options.forMs - clock.nowMs();
        await news.wait(Math.max(1, Math.min(LOOK_MS, leftMs)), ending);
      }
    } finally {
      stopper.abort();
      await watching;
    }
  }

  /** The order that was given then, if it is there still. What cannot be taken back is over at its end. */
  private async takeBack(atUnixMs: number, untilUnixMs: number, signal: AbortSignal): Promise<void> {
    const { registry, clock } = this.ports;
    const limits = { clock, timeoutMs: TAKE_BACK_MS, signal: new AbortController().signal };
    for (;;) {
      try {
        await withDeadline(limits, async (inner) => {
          const text = await this.text(inner);
          if (text.order?.atUnixMs !== atUnixMs || text.order.lead.length === 0) return;
          const back: Order = { lead: [], atUnixMs: Math.max(clock.unixMs(), atUnixMs + 1) };
          await registry.writeSetting(this.key, textWithOrder(text, back), inner);
        });
        return;
      } catch (error) {
        if (signal.aborted || clock.unixMs() >= untilUnixMs) {
          const end = new Date(untilUnixMs).toISOString();
          this.say('warn', `the order is not taken back; it ends by itself at ${end}: ${asError(error).message}`);
          return;
        }
      }
      await sleep(clock, AGAIN_MS, signal);
    }
  }

  private async text(signal: AbortSignal): Promise<ServiceText> {
    const text = readServiceText(await readSetting(this.ports.registry, this.key, signal));
    if (text === undefined) throw new Error(`the text at ${this.key} is no JSON object`);
    return text;
  }

  /** Puts the drill on record. @returns what puts its end there */
  private open({ order, startedMs }: RunningDrill, sentence: string): (outcome: Outcome, reason: string) => void {
    const { journal, clock } = this.ports;
    const { service, owner: agent } = this.options;
    const incident = `${service}-drill-${Math.round(order.atUnixMs).toString(36)}`;
    const about = { incident, service, instance: order.lead.join(','), agent, source: 'drill' } as const;
    journal.append({ ...about, kind: 'drill', seq: 1, atUnixMs: Math.round(order.atUnixMs), afterMs: 0, sentence });
    this.say('info', `drill ${incident} begins: ${sentence}`);
    return (outcome, reason) => {
      const afterMs = Math.round(clock.nowMs() - startedMs);
      const atUnixMs = Math.round(clock.unixMs());
      journal.append({ ...about, kind: 'closed', seq: 2, atUnixMs, afterMs, sentence: reason, outcome });
      this.say(outcome === 'drilled' ? 'info' : 'warn', `drill ${incident} is over (${outcome}): ${reason}`);
    };
  }

  private say(level: 'info' | 'warn', message: string): void {
    const { service } = this.options;
    this.ports.log.write(level, `${service}: ${message}`, { service });
  }

  private get key(): string {
    return settingsKey(this.options.service);
  }

  private get markKey(): string {
    return `understudy/drills/${this.options.service}`;
  }
}
