import { once } from 'node:events';
import { openRegistry } from '../../registry/factory';
import type { Lease, LockOptions, Registry } from '../../registry/port';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { HttpProxy } from '../support/http-proxy';
import { until } from '../../scripts/chaos/until';

let consul: ConsulProcess;
let proxy: HttpProxy;
let registry: Registry;
const never = new AbortController().signal;
const lock: LockOptions = { key: 'understudy/restart/calculator', slots: 1, holder: 'agent-a', ttlMs: 10_000 };

beforeAll(async () => {
  consul = await startConsul();
  proxy = await HttpProxy.start(consul.address);
});
beforeEach(() => {
  registry = openRegistry({ address: consul.address }, {});
});
afterEach(() => registry.close());
afterAll(async () => {
  await proxy.stop();
  await consul.stop();
});

async function ask<T>(path: string, method = 'GET'): Promise<T> {
  return (await (await fetch(`http://${consul.address}/v1${path}`, { method })).json()) as T;
}

interface Session {
  readonly ID: string;
  readonly NodeChecks: readonly string[];
}

it('binds its session to no check, so that a blip of the node does not cost the lock', async () => {
  const lease = await registry.acquire(lock, never);
  expect((await ask<Session[]>('/session/list')).map((session) => session.NodeChecks)).toEqual([[]]);
  await lease.release();
  expect(await ask<Session[]>('/session/list')).toEqual([]);
});

it('shows people who holds it, and leaves nothing of a contender behind', async () => {
  const lease = await registry.acquire(lock, never);
  const held = await fetch(`http://${consul.address}/v1/kv/${lock.key}/.lock?raw`);
  expect(await held.text()).toMatch(/^\{"limit":1,"holders":\{"[0-9a-f-]{36}":"agent-a"\}\}$/);
  await lease.release();
  expect(await ask<string[]>(`/kv/${lock.key}/?keys`)).toEqual([`${lock.key}/.lock`]);
  const free = await fetch(`http://${consul.address}/v1/kv/${lock.key}/.lock?raw`);
  expect(await free.text()).toBe('{"limit":1,"holders":{}}');
});

it('passes on with a greater fence when the session of the holder is destroyed, and the holder learns it', async () => {
  const first = await registry.acquire(lock, never);
  const waiting = registry.acquire({ ...lock, holder: 'agent-b' }, never);
  const since = performance.now();
  const [holder] = Object.keys(
    ((await (await fetch(`http://${consul.address}/v1/kv/${lock.key}/.lock?raw`)).json()) as { holders: object })
      .holders,
  );
  await ask(`/session/destroy/${holder ?? ''}`, 'PUT');
  const second = await waiting;
  expect(performance.now() - since).toBeLessThan(lock.ttlMs / 2);
  expect(second.fence).toBeGreaterThan(first.fence);
  await until(() => first.lost.aborted, { what: 'the holder to learn its loss' });
  expect(String(first.lost.reason)).toContain('Consul does not know its session any more');
  await second.release();
});

it('counts a lease as lost one TTL after the last renewal that got through, before Consul gives it away', async () => {
  const far = openRegistry({ address: proxy.address, timeoutMs: 500 }, {});
  const before = performance.now();
  const lease = await far.acquire({ ...lock, key: 'understudy/cut' }, never);
  await proxy.stop();
  const waiting = registry.acquire({ ...lock, key: 'understudy/cut', holder: 'agent-b' }, never);
  const lost = once(lease.lost, 'abort').then(() => ({ afterMs: performance.now() - before }));
  // Consul takes up to twice the TTL: who counts from the last renewal is always first.
  const first = await Promise.race([lost, waiting]);
  expect(first).toEqual({ afterMs: expect.any(Number) as number });
  expect((await lost).afterMs).toBeGreaterThanOrEqual(9_900);
  const next = await waiting;
  expect(next.fence).toBeGreaterThan(lease.fence);
  await next.release();
  await far.close();
}, 45_000);

it('lets two into a semaphore of two while six more press, and never a third', async () => {
  const key = 'understudy/crowd';
  let inside = 0;
  let most = 0;
  const fences: bigint[] = [];
  const everybodyPresses = until(
    async () => inside === 2 && (await ask<string[]>(`/kv/${key}/?keys`)).length === 8 + 1,
    { what: 'two holders, and the keys of all eight beside the document' },
  );
  const work = async (): Promise<void> => {
    const lease: Lease = await registry.acquire({ ...lock, key, slots: 2 }, never);
    most = Math.max(most, (inside += 1));
    fences.push(lease.fence);
    // Nobody leaves before all are there: otherwise holders might pass by without ever meeting.
    await everybodyPresses;
    await registry.ping();
    inside -= 1;
    await lease.release();
  };
  await Promise.all(Array.from({ length: 8 }, work));
  expect(most).toBe(2);
  expect(new Set(fences).size).toBe(8);
});

it('gives back what is held when the registry is closed', async () => {
  const other = openRegistry({ address: consul.address }, {});
  const held = await other.acquire({ ...lock, key: 'understudy/closed' }, never);
  await other.close();
  const next = await registry.acquire({ ...lock, key: 'understudy/closed' }, AbortSignal.timeout(2_000));
  expect(next.fence).toBeGreaterThan(held.fence);
  await next.release();
});

it.each([9_999, 86_400_001, Number.NaN])('refuses a TTL of %d ms, and says what is allowed', async (ttlMs) => {
  await expect(registry.acquire({ ...lock, ttlMs }, never)).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('ttlMs: a whole number from 10000 to 86400000') as string,
  });
});
