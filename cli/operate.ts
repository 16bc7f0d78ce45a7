/**
 * What an operator does to one instance or to one service: the instance's agent is asked, or an order is written for all
 * callers. It decides who may lead; the callers decide when they follow.
 */
import { isServing } from '../core/domain/health';
import type { CatalogEntry } from '../core/domain/instance';
import { nextInLine, settingsKey, standingOrder, type Order } from '../core/domain/order';
import { readServiceText, textWithOrder, type ServiceText } from '../core/domain/service-text';
import { readSetting } from '../registry/port';
import { systemClock } from '../runtime/system-clock';
import { awaitLetGo, type DrainFigures } from './let-go';
import { EXIT, OperatorError } from './operator-error';
import type { OperatorTools } from './operator-run';
import { userServices } from './status-read';

/** Has the agent of an instance do something, and prints its answer. @returns the agent */
export async function actOn(
  { registry, agents, print }: OperatorTools,
  id: string,
  action: Readonly<Record<string, string | number>>,
): Promise<CatalogEntry> {
  const services = await userServices(registry);
  const views = await Promise.all(services.map((service) => registry.snapshot({ service })));
  const instance = views.flatMap(({ instances }) => instances).find((one) => one.id === id);
  if (instance === undefined)
    throw new OperatorError(EXIT.usage, `there is no instance ${id}; understudy status shows all`);
  const agent = await agents.agentOf(instance);
  print(await agents.act(agent, { ...action, instance: id }));
  return agent;
}

/** Drains an instance, and waits so long for its callers to let go. @returns the exit code */
export async function drain(
  tools: OperatorTools,
  id: string,
  wanted: { readonly reason: string; readonly forMs: number; readonly waitMs: number },
): Promise<number> {
  const { reason, forMs, waitMs } = wanted;
  const agent = await actOn(tools, id, { action: 'drain', reason, forMs });
  if (waitMs === 0) return EXIT.done;
  const figures = async (): Promise<readonly DrainFigures[]> =>
    (await tools.agents.servicesOf(agent)) as readonly DrainFigures[];
  return awaitLetGo({ ...tools, clock: systemClock({ holdsProcess: true }), figures }, id, waitMs);
}

/** Moves all callers to `to`, or to the best tier below the one that leads now. */
export async function failOver(tools: OperatorTools, service: string, to: string | undefined): Promise<undefined> {
  const { instances, text } = await read(tools, service);
  const order = standingOrder(text.order, tools.nowUnixMs);
  const lead = to === undefined ? nextTier(service, instances, order) : [named(service, instances, to)];
  await write(tools, service, text, lead);
  const undo = `understudy failback ${service}`;
  tools.print(`${service}: ${lead.join(', ')} leads now, in all callers, until "${undo}"`);
}

/** Takes an order back: the tiers decide again, and callers return to the best one at once. */
export async function failBack(tools: OperatorTools, service: string): Promise<undefined> {
  const { instances, text } = await read(tools, service);
  const best = Math.min(...instances.map(({ tier }) => tier));
  const ready = instances.filter(({ tier, health }) => tier === best && isServing(health)).map(({ id }) => id);
  if (ready.length === 0) throw new OperatorError(EXIT.refused, `no instance of tier ${best} of ${service} is passing`);
  await write(tools, service, text, []);
  tools.print(`${service}: its tiers decide again; ${ready.join(', ')} of tier ${best} gets the calls`);
}

interface Read {
  readonly instances: readonly CatalogEntry[];
  readonly text: ServiceText;
}

async function read({ registry }: OperatorTools, service: string): Promise<Read> {
  const { instances } = await registry.snapshot({ service });
  if (instances.length === 0) throw new OperatorError(EXIT.usage, `${service} is not registered`);
  const key = settingsKey(service);
  const text = readServiceText(await readSetting(registry, key));
  if (text === undefined)
    throw new OperatorError(EXIT.refused, `the text at ${key} is no JSON object; mend or delete it first`);
  return { instances, text };
}

async function write(
  { registry, nowUnixMs }: OperatorTools,
  service: string,
  text: ServiceText,
  lead: readonly string[],
): Promise<void> {
  const order: Order = { lead, atUnixMs: nowUnixMs };
  await registry.writeSetting(settingsKey(service), textWithOrder(text, order));
}

function named(service: string, instances: readonly CatalogEntry[], id: string): string {
  const found = instances.find((one) => one.id === id);
  const all = instances.map((one) => one.id).join(', ');
  if (found === undefined) throw new OperatorError(EXIT.usage, `${id} is no instance of ${service}; there is ${all}`);
  if (!isServing(found.health))
    throw new OperatorError(EXIT.refused, `${id} is ${found.health}, so no caller would follow: ${found.reason}`);
  return id;
}

function nextTier(service: string, instances: readonly CatalogEntry[], order: Order | null): readonly string[] {
  const lead = nextInLine(instances, order);
  if (lead.length === 0)
    throw new OperatorError(EXIT.refused, `${service} has no other tier that is passing; --to names one instance`);
  return lead;
}
