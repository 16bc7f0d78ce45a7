/**
 * The resolver of one channel: hands catalog views to the balancer. A registry that does not answer is told only while
 * there is no view yet; afterwards the last view stays good.
 */
import { Metadata, status, type ServiceConfig } from '@grpc/grpc-js';
import type { Snapshot } from '../core/domain/snapshot';
import type { CatalogEvent, SettingEvent } from '../registry/port';
import { POLICY_NAME } from './balancer';
import { CallConfigSelector } from './call-config';
import { contextAttributes, toGrpcEndpoint } from './channel-context';
import {
  CHANNEL_ARGS_CONFIG_SELECTOR_KEY,
  parseDuration,
  statusOrFromError,
  statusOrFromValue,
  type GrpcUri,
  type Resolver,
  type ResolverListener,
} from './grpc-experimental';
import { SecondAttempts } from './second-attempts';
import type { LiveSettings } from './service-settings';
import { parseTarget, type Target } from './target';
import type { ClientCore } from './client-core';
import type { Subscription } from './watch-hub';

const SERVICE_CONFIG: ServiceConfig = { loadBalancingConfig: [{ [POLICY_NAME]: {} }], methodConfig: [] };

export class UnderstudyResolver implements Resolver {
  private readonly target: Target;
  private attributes: Record<string, unknown>;
  private readonly selector: CallConfigSelector;
  private readonly secondAttempts: SecondAttempts;
  private subscriptions: readonly Subscription[] = [];
  private view: Snapshot | null = null;

  /** Throws when the target or the registry's configuration is wrong: the user's `new Client()` shows it. */
  constructor(
    private readonly core: ClientCore,
    uri: GrpcUri,
    private readonly listener: ResolverListener,
    channelOptions: Readonly<Record<string, unknown>>,
  ) {
    this.target = parseTarget(uri);
    const parts = core.callConfigParts(this.target.query.service);
    this.selector = new CallConfigSelector({ ...parts, userConfig: userServiceConfig(channelOptions) });
    this.secondAttempts = new SecondAttempts(core.clock, parts.monitor);
    this.attributes = this.attributesWith({});
  }

  updateResolution(): void {
    if (this.subscriptions.length > 0) return;
    const { hub, options } = this.core;
    this.subscriptions = [
      hub.subscribe(this.target, (event) => this.take(event)),
      ...(options.liveSettings ? [hub.subscribeSettings(this.target, (event) => this.takeSettings(event))] : []),
    ];
  }

  destroy(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions = [];
    this.view = null;
  }

  private take(event: CatalogEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.view = event.snapshot;
        this.tellView(event.snapshot);
        break;
      case 'trouble':
        if (this.view === null)
          this.tell(
            statusOrFromError({ code: status.UNAVAILABLE, details: event.error.message, metadata: new Metadata() }),
          );
        break;
      case 'recovered':
        break;
    }
  }

  private takeSettings(event: SettingEvent): void {
    const live = this.core.takeSettings(this.target.query.service, event);
    if (live === null) return;
    // The attributes are no part of a connection's identity: a change of them reconnects nothing.
    this.attributes = this.attributesWith(live);
    if (this.view !== null) this.tellView(this.view);
  }

  private attributesWith(live: LiveSettings): Record<string, unknown> {
    const { core, secondAttempts } = this;
    const { description } = core.hub.registryOf(this.target);
    return {
      ...contextAttributes({ ...core.channelContext(this.target, live, description), secondAttempts }),
      [CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: this.selector,
    };
  }

  private tellView({ instances }: Snapshot): void {
    this.tell(statusOrFromValue(instances.map(toGrpcEndpoint)));
  }

  private tell(endpoints: Parameters<ResolverListener>[0]): void {
    this.listener(endpoints, this.attributes, statusOrFromValue(SERVICE_CONFIG), '');
  }
}

/** The channel's own `grpc.service_config`; grpc-js has already refused one that cannot be read. */
function userServiceConfig(channelOptions: Readonly<Record<string, unknown>>): ServiceConfig | null {
  const text = channelOptions['grpc.service_config'];
  if (typeof text !== 'string') return null;
  const config = JSON.parse(text) as ServiceConfig;
  return { ...config, methodConfig: config.methodConfig.map(withParsedTimeout) };
}

/** In JSON a timeout is text, `0.5s`; grpc-js works with its parsed form, and checks but does not hand out that one. */
function withParsedTimeout(method: ServiceConfig['methodConfig'][number]): ServiceConfig['methodConfig'][number] {
  const timeout: unknown = method.timeout;
  const parsed = typeof timeout === 'string' ? parseDuration(timeout) : null;
  return parsed === null ? method : { ...method, timeout: parsed };
}
