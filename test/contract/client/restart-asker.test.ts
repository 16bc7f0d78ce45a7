/** What goes over the wire to the agent of an instance that is unfit for a client, and when nothing does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RestartAsker, type AskPlace, type RestartAsked } from '../../../client/restart-asker';
import type { Fitness } from '../../../core/detect/fitness';
import { AGENT_SERVICE, type CatalogEntry } from '../../../core/domain/instance';
import type { Snapshot } from '../../../core/domain/snapshot';
import { VirtualClock } from '../../support/virtual-clock';
import { until } from '../../../scripts/chaos/until';

let agent: Server;
let port: number;
let status: number;
let wishes: Readonly<Record<string, unknown>>[];
let tokens: unknown[];
let told: RestartAsked[];
let clock: VirtualClock;
let asker: RestartAsker;
let instances: CatalogEntry[];
let reads: number;

const entry = (id: string, change: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...{ id, service: 'calculator', address: '127.0.0.1', port, tier: 0, weight: 1, epoch: 1, owner: `agent-of-${id}` },
  ...{ tags: [], meta: {}, health: 'passing', reason: 'SERVING' },
  ...change,
});
const place: AskPlace = {
  query: { service: 'calculator', tag: 'blue' },
  catalog: {
    snapshot: ({ service, tag }) => {
      reads += 1;
      const agents = tag === undefined ? [entry('agent', { meta: { agent: 'agent-of-a' } })] : [];
      const found = service === AGENT_SERVICE ? agents : instances;
      return Promise.resolve({ service, index: '1', instances: found } as unknown as Snapshot);
    },
  },
};

beforeEach(async () => {
  [status, wishes, tokens, told, reads] = [200, [], [], [], 0];
  clock = new VirtualClock();
  agent = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      wishes.push(JSON.parse(text) as Record<string, unknown>);
      tokens.push(request.headers.authorization);
      response.writeHead(status).end(JSON.stringify(status === 200 ? { done: 'so be it' } : { error: 'no way' }));
    });
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  ({ port } = agent.address() as AddressInfo);
  instances = [entry('a'), entry('b')];
  const tell = (_service: string, asked: RestartAsked): void => void told.push(asked);
  const parts = { afterMs: 1000, token: 'secret', client: 'web:7', clock, rng: () => 0.5 };
  asker = new RestartAsker({ ...parts, tell });
  for (const id of ['a', 'b']) becomes(id, 'fit');
});
afterEach(async () => {
  asker.stop();
  expect(clock.pendingTimers()).toBe(0);
  await new Promise<void>((resolve) => void agent.close(() => resolve()));
});

function becomes(id: string, fitness: Fitness): void {
  asker.take(place, { id, tier: 0, fitness, reason: 'its last 3 calls failed' });
}

it('asks the agent of the instance, once, with its token and the reason', async () => {
  becomes('a', 'last-resort');
  await clock.advanceAsync(1240);
  expect(reads).toBe(0);
  await clock.advanceAsync(20);
  await until(() => told.length > 0, { what: 'the answer' });
  expect(wishes).toEqual([
    {
      ...{ action: 'plead', instance: 'a', client: 'web:7' },
      why: 'its last 3 calls failed; b is fit, and the catalog still says passing',
    },
  ]);
  expect(tokens).toEqual(['Bearer secret']);
  expect(told).toEqual([{ instance: 'a', agent: 'agent', accepted: true, reason: 'so be it' }]);
  await clock.advanceAsync(10_000);
  expect(wishes).toHaveLength(1);
});

it('tells why the agent does nothing, and asks again later', async () => {
  status = 409;
  becomes('a', 'unfit');
  await clock.advanceAsync(1300);
  await until(() => told.length > 0, { what: 'the refusal' });
  expect(told).toMatchObject([{ accepted: false, reason: 'no way' }]);
  await clock.advanceAsync(15_000);
  await until(() => told.length > 1, { what: 'the second refusal' });
});

it('asks nobody for an instance that is fit again in time', async () => {
  becomes('a', 'unfit');
  await clock.advanceAsync(900);
  becomes('a', 'fit');
  await clock.advanceAsync(5000);
  expect(reads).toBe(0);
});

it('asks nobody, and says so, when no other instance is fit', async () => {
  becomes('a', 'unfit');
  becomes('b', 'unfit');
  await clock.advanceAsync(1300);
  expect(told.map(({ agent: asked, reason }) => [asked, reason])).toEqual([
    [null, 'no other instance is fit, so it may be this client that is ill'],
    [null, 'no other instance is fit, so it may be this client that is ill'],
  ]);
  expect(wishes).toEqual([]);
});

it('does nothing more once it is stopped', async () => {
  becomes('a', 'unfit');
  asker.stop();
  becomes('a', 'unfit');
  await clock.advanceAsync(5000);
  expect(reads).toBe(0);
});
