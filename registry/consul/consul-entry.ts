/**
 * How an instance stands in Consul: tags and check name for people, Meta for machines. Writing and reading it back gives
 * the same instance. Meta keys of our own begin with `understudy`, so they never meet a user's.
 */
import { roleOf, type Instance } from '../../core/domain/instance';
import { RegistryError, type Registration } from '../port';
import { addedTags } from '../snapshot';
import { objectIn, numberIn, textIn, textsIn, type JsonObject } from './consul-json';

/** The marker; its value is the package version that registered the entry. */
const MARKER = 'understudy';
const OWN_META: readonly string[] = ['tier', 'weight', 'epoch', 'owner', 'protocol'].map((name) => `${MARKER}-${name}`);
const NOT_USERS: ReadonlySet<string> = new Set([MARKER, ...OWN_META]);
const NOBODYS: ReadonlySet<string> = new Set();

// Consul's limits (agent/structs): pairs per service, and the form of a pair.
const META_PAIRS = 64;
const META_KEY = /^[A-Za-z0-9_-]{1,128}$/;
const META_VALUE_LENGTH = 512;

export function checkIdOf(instanceId: string): string {
  return `${MARKER}:${instanceId}`;
}

/** Marks the notes as words of that time: the Consul UI shows them beside the output for as long as the entry lives. */
export const WHEN_REGISTERED = 'when it was registered: ';

/** The body of PUT /v1/agent/service/register: the service and its TTL check in one. Throws `invalid-request`. */
export function registrationBody({ instance, ...check }: Registration, version: string): JsonObject {
  refuseBadMeta(instance);
  return {
    ID: instance.id,
    Name: instance.service,
    Address: instance.address,
    Port: instance.port,
    Tags: [...addedTags(instance.tier), ...instance.tags],
    Meta: {
      ...instance.meta,
      [MARKER]: version,
      [`${MARKER}-tier`]: String(instance.tier),
      [`${MARKER}-weight`]: String(instance.weight),
      [`${MARKER}-epoch`]: String(instance.epoch),
      [`${MARKER}-owner`]: instance.owner,
      [`${MARKER}-protocol`]: 'grpc',
    },
    Weights: { Passing: instance.weight, Warning: instance.weight },
    Check: {
      CheckID: checkIdOf(instance.id),
      Name: `${instance.id}: ${roleOf(instance.tier)}, tier ${instance.tier}`,
      // Consul takes no output with a registration, and syncs an output that comes later only lazily.
      Notes: `${WHEN_REGISTERED}${check.reason}`,
      TTL: `${check.ttlMs}ms`,
      Status: check.health,
      DeregisterCriticalServiceAfter: `${check.deregisterAfterMs}ms`,
    },
  };
}

/** Reads a service of either of Consul's two listings; `nodeAddress` stands in when it has no address of its own. */
export function instanceOf(service: unknown, nodeAddress: string): Instance {
  // One literal for all: a catalog of thousands is read anew with each answer.
  const meta = objectIn(service, 'Meta');
  const tags = textsIn(service, 'Tags');
  const ours = isOurs(service);
  const tier = ours ? wholeNumber(textIn(meta, `${MARKER}-tier`), 0) : tierOfTags(tags);
  return {
    id: textIn(service, 'ID'),
    service: textIn(service, 'Service'),
    address: textIn(service, 'Address') || nodeAddress,
    port: numberIn(service, 'Port'),
    tier,
    weight: ours
      ? wholeNumber(textIn(meta, `${MARKER}-weight`), 1)
      : Math.max(1, numberIn(objectIn(service, 'Weights'), 'Passing')),
    epoch: ours ? wholeNumber(textIn(meta, `${MARKER}-epoch`), 0) : 0,
    owner: ours ? textIn(meta, `${MARKER}-owner`) : '',
    tags: ours ? withoutAdded(tags, addedTags(tier)) : tags,
    meta: textPairs(meta, ours ? NOT_USERS : NOBODYS),
  };
}

/** Registered by an Understudy agent. */
export function isOurs(service: unknown): boolean {
  return typeof objectIn(service, 'Meta')[MARKER] === 'string';
}

/** Ours stand first. If somebody rearranged the tags in Consul, ours still are not the user's. */
function withoutAdded(tags: readonly string[], added: readonly string[]): readonly string[] {
  return added.every((tag, at) => tags[at] === tag)
    ? tags.slice(added.length)
    : tags.filter((tag) => !added.includes(tag));
}

/** `tier-2` says it all; `primary` and `backup` do for people who tag by hand. */
function tierOfTags(tags: readonly string[]): number {
  const tier = tags.map((tag) => /^tier-(\d{1,6})$/.exec(tag)?.[1]).find((digits) => digits !== undefined);
  if (tier !== undefined) return Number(tier);
  return tags.includes('backup') && !tags.includes('primary') ? 1 : 0;
}

function refuseBadMeta({ id, meta }: Instance): void {
  const faults = Object.entries(meta).flatMap(([key, value]) => {
    if (key === MARKER || OWN_META.includes(key)) return [`meta.${key}: this name is Understudy's own`];
    if (!META_KEY.test(key)) return [`meta.${key}: a key is 1 to 128 of A-Z a-z 0-9 _ -`];
    return value.length > META_VALUE_LENGTH ? [`meta.${key}: a value has at most ${META_VALUE_LENGTH} characters`] : [];
  });
  const room = META_PAIRS - OWN_META.length - 1;
  const count = Object.keys(meta).length;
  if (count > room) faults.push(`meta: ${count} pairs, at most ${room} are allowed`);
  if (faults.length > 0) throw new RegistryError('invalid-request', `cannot register ${id}: ${faults.join('; ')}`);
}

function wholeNumber(text: string, otherwise: number): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}

function textPairs(meta: JsonObject, without: ReadonlySet<string>): Readonly<Record<string, string>> {
  const pairs = Object.entries(meta) as [string, string][];
  return Object.fromEntries(pairs.filter(([key, value]) => typeof value === 'string' && !without.has(key)));
}
