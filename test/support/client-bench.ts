/**
 * What the client's tests share: a memory registry, registered instances, a client that is closed at the end.
 */
import { credentials, Metadata, type ClientOptions, type ServiceError } from '@grpc/grpc-js';
import { registerUnderstudy, type RegisterOptions, type Understudy } from '../../client/register-understudy';
import type { BeatHealth } from '../../core/domain/health';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import { MemoryRegistry } from '../../registry/memory/memory-registry';
import { systemClock } from '../../runtime/system-clock';

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

/** Through the generated method, as users call it: a generic request would carry no idempotency. */
export function add(
  client: CalculatorClient,
  options: { deadlineMs?: number; waitForReady?: boolean } = {},
): Promise<Answer__Output> {
  const metadata = new Metadata({ waitForReady: options.waitForReady ?? false });
  const deadline = Date.now() + (options.deadlineMs ?? 5_000);
  return answered((done) => client.Add({ left: 2, right: 3 }, metadata, { deadline }, done));
}

export function memoryAdd(client: CalculatorClient, id: string, deadlineMs = 5_000): Promise<Answer__Output> {
  return answered((done) => client.MemoryAdd({ id, amount: 1 }, { deadline: Date.now() + deadlineMs }, done));
}

type Done = (error: ServiceError | null, answer?: Answer__Output) => void;

function answered(call: (done: Done) => void): Promise<Answer__Output> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error('answered with nothing'));
    });
  });
}
