/**
 * What client/ relies on in grpc-js beyond its documented API. When the pinned version moves, this file says what broke.
 */
import { connectivityState, credentials, Metadata, status, type ChannelCredentials } from '@grpc/grpc-js';
import { version } from '@grpc/grpc-js/package.json';
import { dependencies } from '../../package.json';
import * as door from '../../client/grpc-experimental';
import { CalculatorClient } from '../../proto/calculator';
import { StubCalculator } from '../support/stub-calculator';
import { until } from '../../scripts/chaos/until';

const CONTEXT_KEY = `${door.SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.contract`;

interface Seen {
  readonly picks: object[];
  readonly endpoints: object[];
  context: unknown;
  readonly ends: string[];
  /** The metadata of each pick, and of each call that was created. */
  readonly picked: object[];
  readonly created: object[];
}

let seen: Seen;
let stub: StubCalculator;
const information = {};

class SeenSubchannel extends door.BaseSubchannelWrapper {
  override getRealSubchannel(): door.RealSubchannel {
    const real = super.getRealSubchannel();
    const seeing = Object.create(real) as door.RealSubchannel;
    seeing.createCall = (metadata, ...rest) => {
      seen.created.push(metadata);
      return real.createCall(metadata, ...rest);
    };
    return seeing;
  }
}

class OneBalancer implements door.LoadBalancer {
  constructor(private readonly helper: door.ChannelControlHelper) {}

  updateAddressList(
    list: door.StatusOr<door.GrpcEndpoint[]>,
    _config: object,
    options: Record<string, unknown>,
  ): boolean {
    if (!list.ok) return false;
    seen.endpoints.push(...list.value);
    seen.context = options[CONTEXT_KEY];
    const subchannel = new SeenSubchannel(this.helper.createSubchannel(list.value[0]!.addresses[0]!, {}));
    subchannel.ref();
    subchannel.addConnectivityStateListener((_subchannel, _before, now) => {
      if (now === connectivityState.READY) this.helper.updateState(now, this.picker(subchannel), null);
    });
    subchannel.startConnecting();
    return true;
  }

  private picker(subchannel: door.SubchannelInterface): door.Picker {
    return {
      pick: ({ metadata, extraPickInfo }) => {
        seen.picks.push(extraPickInfo);
        seen.picked.push(metadata);
        const onCallEnded = (code: status): void => void seen.ends.push(status[code]);
        const pickResultType = door.PickResultType.COMPLETE;
        return { pickResultType, subchannel, status: null, onCallStarted: null, onCallEnded };
      },
    };
  }

  exitIdle(): void {
    return;
  }
  resetBackoff(): void {
    return;
  }
  destroy(): void {
    return;
  }
  getTypeName(): string {
    return 'contract_one';
  }
}

class OneConfig implements door.TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return 'contract_one';
  }
  toJsonObject(): object {
    return { contract_one: {} };
  }
  static createFromJson(): OneConfig {
    return new OneConfig();
  }
}

class OneResolver implements door.Resolver {
  constructor(
    private readonly target: door.GrpcUri,
    private readonly listener: door.ResolverListener,
  ) {}

  updateResolution(): void {
    const endpoint = { addresses: [{ host: '127.0.0.1', port: Number(this.target.path) }], own: 'property' };
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: '0.001s',
      maxBackoff: '0.01s',
      backoffMultiplier: 2,
      retryableStatusCodes: [status.UNAVAILABLE],
    };
    const selector: door.ConfigSelector = {
      invoke: () => ({
        methodConfig: { name: [], retryPolicy },
        pickInformation: information,
        status: status.OK,
        dynamicFilterFactories: [],
      }),
      unref: () => undefined,
    };
    const attributes = { [CONTEXT_KEY]: 'handed through', [door.CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: selector };
    const config = door.statusOrFromValue({ loadBalancingConfig: [{ contract_one: {} }], methodConfig: [] });
    process.nextTick(() => this.listener(door.statusOrFromValue([endpoint]), attributes, config, ''));
  }
  destroy(): void {
    return;
  }
  static getDefaultAuthority(): string {
    return 'contract';
  }
}

function client(): CalculatorClient {
  const insecure: ChannelCredentials = credentials.createInsecure();
  return new CalculatorClient(`contract:${stub.port}`, insecure);
}

beforeAll(() => {
  door.registerResolver('contract', OneResolver);
  door.registerLoadBalancerType('contract_one', OneBalancer, OneConfig);
});

beforeEach(async () => {
  seen = { picks: [], endpoints: [], context: undefined, ends: [], picked: [], created: [] };
  stub = await StubCalculator.start({ instance: 'one' });
});

afterEach(() => stub.die());

it('is the version that is pinned', () => {
  expect(version).toBe(dependencies['@grpc/grpc-js']);
});

it("hands an endpoint's own properties and the resolver's attributes to the balancer", async () => {
  const caller = client();
  caller.getChannel().getConnectivityState(true);
  await until(() => seen.endpoints.length > 0, { what: 'the balancer to be told' });
  expect(seen.endpoints[0]).toMatchObject({ own: 'property' });
  expect(seen.context).toBe('handed through');
  caller.close();
});

it('hands one and the same object to every pick of a call, and tells how each attempt ended', async () => {
  const caller = client();
  stub.failWith = status.UNAVAILABLE;
  await new Promise((resolve) =>
    caller.Add({ left: 1, right: 2 }, new Metadata(), { deadline: Date.now() + 5_000 }, resolve),
  );
  expect(seen.picks).toHaveLength(3);
  expect(seen.picks.every((pick) => pick === information)).toBe(true);
  expect(seen.ends).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
  caller.close();
});

it('creates a call on the picked connection with the very metadata that it picked with', async () => {
  const caller = client();
  await new Promise((resolve) =>
    caller.Add({ left: 1, right: 2 }, new Metadata(), { deadline: Date.now() + 5_000 }, resolve),
  );
  expect(seen.created).toHaveLength(1);
  expect(seen.created[0]).toBe(seen.picked[0]);
  caller.close();
});
