/**
 * The resolver of one channel: hands catalog views to the balancer. A registry that does not answer is told only while
 * there is no view yet; afterwards the last view stays good.
 */
import { Metadata, status, type ServiceConfig } from '@grpc/grpc-js';
import type { CatalogEvent } from '../registry/port';
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
import { parseTarget, type Target } from './target';
import type { ClientCore } from './client-core';
import type { Subscription } from './watch-hub';

const SERVICE_CONFIG: ServiceConfig = { loadBalancingConfig: [{ [POLICY_NAME]: {} }], methodConfig: [] };

export class UnderstudyResolver implements Resolver {
  private readonly target: Target;
  private readonly attributes: Record<string, unknown>;
  private subscription: Subscription | null = null;
  private hasView = false;

  /** Throws when the target or the registry's configuration is wrong: the user's `new Client()` shows it. */
  constructor(
    private readonly core: ClientCore,
    uri: GrpcUri,
    private readonly listener: ResolverListener,
    channelOptions: Readonly<Record<string, unknown>>,
  ) {
    this.target = parseTarget(uri);
    const { service } = this.target.query;
    const registryDescription = core.hub.registryOf(this.target).description;
    const selector = new CallConfigSelector({
      ...core.callConfigParts(service),
      userConfig: userServiceConfig(channelOptions),
    });
    this.attributes = {
      ...contextAttributes(core.channelContext(this.target, registryDescription)),
      [CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: selector,
    };
  }

  updateResolution(): void {
    this.subscription ??= this.core.hub.subscribe(this.target, (event) => this.take(event));
  }

  destroy(): void {
    this.subscription?.unsubscribe();
    this.subscription = null;
    this.hasView = false;
  }

  private take(event: CatalogEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.hasView = true;
        this.tell(statusOrFromValue(event.snapshot.instances.map(toGrpcEndpoint)));
        break;
      case 'trouble':
        if (!this.hasView)
          this.tell(
            statusOrFromError({ code: status.UNAVAILABLE, details: event.error.message, metadata: new Metadata() }),
          );
        break;
      case 'recovered':
        break;
    }
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
