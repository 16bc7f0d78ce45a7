/**
 * What the client's tests share: a memory registry, registered instances, a client that is closed at the end.
 */
import { credentials, type ClientOptions } from '@grpc/grpc-js';
import { registerUnderstudy, type RegisterOptions, type Understudy } from '../../client/register-understudy';
import type { BeatHealth } from '../../core/domain/health';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { MemoryRegistry } from '../../registry/memory/memory-registry';
import { systemClock } from '../../runtime/system-clock';

export { add, memoryAdd } from '../../scripts/chaos/calls';

export interface Member {
  readonly instance: string;
  readonly port: number;
}

let schemes = 0;

export class ClientBench {
  readonly registry = new MemoryRegistry(systemClock(), { confirmEmptyMs: 50 });
  /** `failover 0->1` and the like, in order. */
  readonly tierChanges: string[] = [];
  readonly understudy: Understudy;
  private readonly scheme: string;
  private readonly clients: CalculatorClient[] = [];

  constructor(options: RegisterOptions = {}) {
    schemes += 1;
    this.scheme = `bench${schemes}`;
    this.understudy = registerUnderstudy({
      failbackHoldMs: 100,
      failbackRampMs: 0,
      services: [calculatorService],
      ...options,
      scheme: this.scheme,
      registry: this.registry,
    });
    for (const kind of ['start', 'failover', 'failback'] as const) {
      this.understudy.events.on(kind, ({ from, to }) => this.tierChanges.push(`${kind} ${from ?? '-'}->${to}`));
    }
  }

  /** Registers the members as tiers 0, 1, 2, … of `calculator`. */
  async registerTiers(...members: readonly Member[]): Promise<void> {
    for (const [tier, member] of members.entries()) await this.register(member, tier);
  }

  register({ instance, port }: Member, tier: number, health: BeatHealth = 'passing', weight = 1): Promise<void> {
    return this.registry.register({
      instance: {
        id: instance,
        service: 'calculator',
        address: '127.0.0.1',
        port,
        tier,
        weight,
        epoch: 1,
        owner: 'test',
        tags: [],
        meta: {},
      },
      ttlMs: 60_000,
      deregisterAfterMs: 600_000,
      health,
      reason: `the test says ${health}`,
    });
  }

  client(service = 'calculator', options: ClientOptions = this.understudy.channelOptions): CalculatorClient {
    const client = new CalculatorClient(`${this.scheme}:///${service}`, credentials.createInsecure(), options);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.understudy.close();
    await this.registry.close();
  }
}
