/**
 * Fills a real Consul with many instances of one service, and changes one of them. They stand on a node that no Consul
 * agent owns, by transactions: an agent would take minutes to sync thousands.
 */
import { registrationBody } from '../../registry/consul/consul-entry';
import { objectIn, textIn } from '../../registry/consul/consul-json';

/** Consul's own limit. */
const OPERATIONS = 64;
const NODE = 'crowd';
const DAY_MS = 86_400_000;

export class CatalogCrowd {
  constructor(
    private readonly consul: string,
    private readonly service: string,
  ) {}

  /** @param ports one instance for each; the first is tier 0, the second tier 1, all others tier 2 and never called */
  async fill(ports: readonly number[]): Promise<void> {
    await this.put('/v1/catalog/register', { Node: NODE, Address: '127.0.0.1' });
    const operations = ports.flatMap((port, place) => this.entry(place, port, 'passing', 1));
    for (let done = 0; done < operations.length; done += OPERATIONS) {
      await this.put('/v1/txn', operations.slice(done, done + OPERATIONS));
    }
  }

  /** Its agent says another health. */
  async say(place: number, health: 'passing' | 'critical'): Promise<void> {
    await this.put('/v1/txn', this.entry(place, 1_000, health, 1).slice(1));
  }

  /** Something changes in Consul that a client does not look at: an answer comes, and the view is the same. */
  async touch(place: number, warningWeight: number): Promise<void> {
    await this.put('/v1/txn', this.entry(place, 1_000, 'passing', warningWeight).slice(0, 1));
  }

  private entry(place: number, port: number, health: 'passing' | 'critical', warningWeight: number): readonly object[] {
    const instance = {
      id: `${this.service}-${place}`,
      service: this.service,
      address: '127.0.0.1',
      port,
      tier: Math.min(place, 2),
      weight: 1,
      epoch: 1,
      owner: 'bench',
      tags: [],
      meta: { zone: `zone-${place % 3}` },
    };
    const reason = `the bench says ${health}`;
    const body = registrationBody({ instance, ttlMs: DAY_MS, deregisterAfterMs: DAY_MS, health, reason }, 'bench');
    const { Check: check, Name: service, ...rest } = body;
    const words = { Name: textIn(check, 'Name'), Notes: textIn(check, 'Notes'), Output: reason };
    return [
      {
        Service: {
          Verb: 'set',
          Node: NODE,
          Service: { ...rest, Service: service, Weights: { ...objectIn(body, 'Weights'), Warning: warningWeight } },
        },
      },
      {
        Check: {
          Verb: 'set',
          Check: { Node: NODE, ServiceID: instance.id, CheckID: textIn(check, 'CheckID'), Status: health, ...words },
        },
      },
    ];
  }

  private async put(path: string, body: object): Promise<void> {
    const answer = await fetch(`http://${this.consul}${path}`, { method: 'PUT', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Consul answered ${answer.status} to ${path}: ${text.slice(0, 300)}`);
  }
}
