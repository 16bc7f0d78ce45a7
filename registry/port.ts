/**
 * What Understudy needs of a registry, in domain types. Consul's words stop at registry/consul.
 * Every method that waits takes an AbortSignal and rejects with the signal's reason when it is aborted.
 */
import type { BeatHealth } from '../core/domain/health';
import type { Instance } from '../core/domain/instance';
import type { Snapshot } from '../core/domain/snapshot';

export interface Registration {
  readonly instance: Instance;
  /** Without a beat for this long the registry itself turns the instance `critical`. */
  readonly ttlMs: number;
  /** After this long `critical` the registry removes the instance. Consul: at least 60 000. */
  readonly deregisterAfterMs: number;
  /** What is known of the server at this moment; the entry never shows anything else first. */
  readonly health: BeatHealth;
  readonly reason: string;
}

/** An agent's side: to be known, and to stay known. */
export interface Membership {
  /** Creates or replaces the whole entry, check included, in one step. */
  register(registration: Registration, signal?: AbortSignal): Promise<void>;
  /** Says how the server is. Rejects with RegistryError `unknown-instance` when the registry forgot it. */
  beat(instanceId: string, health: BeatHealth, reason: string, signal?: AbortSignal): Promise<void>;
  /** Removes the entry; removing one that is not there is no error. */
  deregister(instanceId: string, signal?: AbortSignal): Promise<void>;
  /** Rejects with `unknown-instance` when the registry does not know it. */
  setMaintenance(instanceId: string, on: boolean, reason: string, signal?: AbortSignal): Promise<void>;
  /** Everything that is registered through this registry endpoint by an Understudy agent, whoever owns it. */
  registered(signal?: AbortSignal): Promise<readonly Instance[]>;
}

export interface WatchQuery {
  readonly service: string;
  /** Only instances that carry this tag. */
  readonly tag?: string;
  /** Another datacenter than the registry endpoint's own. */
  readonly datacenter?: string;
}

/**
 * `snapshot`: a view that differs from the one before. `trouble`: the registry did not answer; the last snapshot
 * stays good. `recovered`: it answers again (a `snapshot` follows only if something changed).
 */
export type CatalogEvent =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'trouble'; readonly error: RegistryError; readonly failures: number }
  | { readonly type: 'recovered'; readonly awayMs: number };

export type CatalogListener = (event: CatalogEvent) => void;

/** A caller's side: who belongs to a service. */
export interface Catalog {
  /** One answer, now. */
  snapshot(query: WatchQuery, signal?: AbortSignal): Promise<Snapshot>;
  /**
   * Follows a service until `signal` aborts, then resolves; never rejects. Only differing views are told. An empty
   * view after a filled one is told only when a second, later read confirmed it.
   */
  watch(query: WatchQuery, listener: CatalogListener, signal: AbortSignal): Promise<void>;
  /** Names of all services that have at least one instance registered by an Understudy agent, sorted. */
  services(signal?: AbortSignal): Promise<readonly string[]>;
}

export interface LockOptions {
  /** Name of the lock, `understudy/restart/calculator`. */
  readonly key: string;
  /** How many may hold it at once; 1 is a lock, more is a semaphore. All contenders must say the same. */
  readonly slots: number;
  /** Who asks, for people who look. */
  readonly holder: string;
  /** A holder that does not renew for this long loses its slot. Consul: 10 000 to 86 400 000, and may take twice as long. */
  readonly ttlMs: number;
}

export interface Lease {
  /** Grows with every acquisition of the same key: a fencing token. */
  readonly fence: bigint;
  /** Aborts when the slot is lost; counted from before the last renewal was sent, so never later than the registry thinks. */
  readonly lost: AbortSignal;
  /** Gives the slot back; idempotent, and never rejects. */
  release(): Promise<void>;
}

/** The fleet's side: who may act. */
export interface Locks {
  /** Waits for a slot, and renews it by itself until it is released or lost. */
  acquire(options: LockOptions, signal: AbortSignal): Promise<Lease>;
}

/** `text`: what stands there now, null = nothing. `trouble`: the registry did not answer; the last text stays good. */
export type SettingEvent =
  | { readonly type: 'text'; readonly text: string | null }
  | { readonly type: 'trouble'; readonly error: RegistryError; readonly failures: number };

/** The operator's side: texts by key, which callers follow and people change at run time. */
export interface Settings {
  /** Follows one text until `signal` aborts, then resolves; never rejects. Only differing texts are told. */
  followSetting(key: string, listener: (event: SettingEvent) => void, signal: AbortSignal): Promise<void>;
  /** Puts a text there, or takes it away (null). */
  writeSetting(key: string, text: string | null, signal?: AbortSignal): Promise<void>;
}

/** Reads one text once. Rejects with the registry's error when it does not answer, or with the reason of `signal`. */
export async function readSetting(
  registry: Pick<Settings, 'followSetting'>,
  key: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const done = new AbortController();
  const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  try {
    return await new Promise<string | null>((resolve, reject) => {
      const listen = (event: SettingEvent): void => (event.type === 'text' ? resolve(event.text) : reject(event.error));
      void registry.followSetting(key, listen, either).then(() => reject(asReason(signal)));
    });
  } finally {
    done.abort();
  }
}

function asReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('the reading was ended');
}

export interface RegistryInfo {
  /** The registry's own version, `1.20.1`. */
  readonly version: string;
  /** Whether it can write now: without a leader it only remembers. */
  readonly leader: boolean;
}

export interface Registry extends Membership, Catalog, Locks, Settings {
  /** Where it is, for messages: `Consul at 127.0.0.1:8500`. Never holds a secret. */
  readonly description: string;
  /** Asks whether it answers, and how it is; rejects as every other method does. */
  ping(signal?: AbortSignal): Promise<RegistryInfo>;
  /** Ends every connection and watch; idempotent. Whatever is asked afterwards rejects with `unavailable`. */
  close(): Promise<void>;
}

export type RegistryErrorCode =
  /** The registry did not answer, or answered with an error of its own. Worth trying again. */
  | 'unavailable'
  /** The registry does not know this instance: register it again. */
  | 'unknown-instance'
  /** The token is missing, wrong or may not do this. */
  | 'permission-denied'
  /** The registry refused what was asked. Trying again without a change is useless. */
  | 'invalid-request';

/** The one error type that leaves a registry. Its message names the operation and the endpoint, never a token. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    readonly code: RegistryErrorCode,
    message: string,
  ) {
    super(message);
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'unknown-instance';
  }
}
