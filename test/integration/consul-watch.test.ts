import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { expectView, Followed, viewText } from '../support/followed';
import { HttpProxy } from '../support/http-proxy';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';

let consul: ConsulProcess;
let proxy: HttpProxy;
let registry: Registry;
/** The same Consul, seen through the proxy. */
let watcher: Registry;
const one = instance('calculator');

beforeEach(async () => {
  consul = await startConsul();
  proxy = await HttpProxy.start(consul.address);
  registry = openRegistry({ address: consul.address }, {});
  watcher = openRegistry({ address: proxy.address }, {});
});

afterEach(async () => {
  await watcher.close();
  await registry.close();
  await proxy.stop();
  await consul.stop();
});

it('keeps its view while Consul is dead, and tells trouble, return, and what is there then', async () => {
  await registry.register(registration(one));
  const followed = new Followed(registry, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');

  await consul.kill('SIGKILL');
  await until(() => followed.types().includes('trouble'), { what: 'trouble' });
  await expect(registry.beat(one.id, 'passing', 'well')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(
      new RegExp(`^Consul at ${consul.address}: beat of calculator-1: (connection refused|the connection was reset)$`),
    ) as string,
  });

  await consul.restart();
  await until(() => followed.types().includes('recovered'), { what: 'the return' });
  await expect(registry.beat(one.id, 'passing', 'well')).rejects.toMatchObject({ code: 'unknown-instance' });
  expect(followed.view()).toBe('calculator-1:passing');

  await registry.register(registration(one, { reason: 'registered again' }));
  await until(() => reasonOf(followed) === 'registered again', { what: 'the new entry' });
  const views = followed.events.flatMap((event) => (event.type === 'snapshot' ? [viewText(event.snapshot)] : []));
  expect(new Set(views.filter((view, at) => at > 0 || view !== ''))).toEqual(new Set(['calculator-1:passing']));
  await followed.end();
});

it('believes in the end that nobody is there, when nobody registers again after a restart', async () => {
  await registry.register(registration(one));
  const followed = new Followed(registry, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');
  await consul.restart();
  await expectView(followed, '');
  const recovered = followed.types().indexOf('recovered');
  expect(recovered).toBeGreaterThan(0);
  expect(followed.types().lastIndexOf('snapshot')).toBeGreaterThan(recovered);
  await followed.end();
}, 40_000);

it('asks a dead Consul a few times a second, not more', async () => {
  const followed = new Followed(watcher, { service: 'calculator' });
  await expectView(followed, '');
  await consul.kill('SIGKILL');
  await until(() => followed.types().filter((type) => type === 'trouble').length === 6, { what: 'six failures' });
  const before = proxy.requests.length;
  const since = performance.now();
  await until(() => proxy.requests.length === before + 3, { what: 'three more requests' });
  expect(performance.now() - since).toBeGreaterThan(1_000);
  await followed.end();
});

it('asks a Consul in turmoil no more than a burst and five times a second, and ends with the truth', async () => {
  await registry.register(registration(one));
  const followed = new Followed(watcher, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');
  const since = performance.now();
  for (let change = 0; change < 300; change += 1) {
    await registry.beat(one.id, change % 2 === 0 ? 'critical' : 'passing', `change ${change}`);
  }
  await registry.beat(one.id, 'warning', 'the end');
  await expectView(followed, 'calculator-1:warning');
  const elapsedMs = performance.now() - since;
  expect(proxy.count('/v1/health/service')).toBeLessThanOrEqual(10 + elapsedMs / 200 + 2);
  await followed.end();
});

it('polls slowly, and still sees changes, when a proxy takes the index away', async () => {
  proxy.tamper = (headers) => ({ ...headers, 'x-consul-index': '0' });
  await registry.register(registration(one));
  const followed = new Followed(watcher, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');
  await registry.beat(one.id, 'critical', 'ill');
  await expectView(followed, 'calculator-1:critical');
  expect(proxy.requests.some((path) => path.includes('index='))).toBe(false);
  expect(proxy.requests.length).toBeLessThanOrEqual(4);
  await followed.end();
});

it('reads afresh when the index goes back', async () => {
  await registry.register(registration(one));
  let shift = 1_000n;
  proxy.tamper = (headers) => ({
    ...headers,
    'x-consul-index': String(BigInt(String(headers['x-consul-index'])) + shift),
  });
  const soon = openRegistry({ address: proxy.address, waitMs: 1_000 }, {});
  const followed = new Followed(soon, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');
  // The watch waits on an index that this Consul will not reach for long.
  await until(() => proxy.requests.some((path) => path.includes('index=1')), { what: 'a blocking query' });
  shift = 0n;
  await registry.beat(one.id, 'critical', 'ill');
  await expectView(followed, 'calculator-1:critical');
  await until(() => /index=\d{1,3}&/.test(proxy.requests.at(-1) ?? ''), { what: 'a query on the small index' });
  await followed.end();
  await soon.close();
});

it('notices at once when an answer breaks off in the middle', async () => {
  const patient = openRegistry({ address: proxy.address, timeoutMs: 20_000 }, {});
  proxy.cutBodies = true;
  const since = performance.now();
  await expect(patient.snapshot({ service: 'calculator' })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('the connection closed in the middle of the answer') as string,
  });
  // Half of its time limit.
  expect(performance.now() - since).toBeLessThan(10_000);
  await patient.close();
});

it('gives up on a frozen Consul after the time limit', async () => {
  const impatient = openRegistry({ address: consul.address, timeoutMs: 300 }, {});
  consul.pause();
  await expect(impatient.ping()).rejects.toMatchObject({
    code: 'unavailable',
    message: `Consul at ${consul.address}: ping: no answer within 300 ms`,
  });
  consul.resume();
  await impatient.close();
});

it('shares one query among all who watch the same, and asks no more when all have left', async () => {
  await registry.register(registration(one));
  const many = Array.from({ length: 30 }, () => new Followed(watcher, { service: 'calculator' }));
  for (const followed of many) await expectView(followed, 'calculator-1:passing');
  await registry.beat(one.id, 'critical', 'ill');
  for (const followed of many) await expectView(followed, 'calculator-1:critical');
  const { index } = await registry.snapshot({ service: 'calculator' });
  await until(() => proxy.count(`/v1/health/service/calculator?index=${index}&`) === 1, { what: 'the next query' });
  expect(proxy.requests.length).toBeLessThanOrEqual(4);
  await Promise.all(many.map((followed) => followed.end()));
  const asked = proxy.requests.length;
  await registry.beat(one.id, 'passing', 'well');
  await until(async () => (await registry.snapshot({ service: 'calculator' })).instances[0]?.health === 'passing', {
    what: 'the change',
  });
  expect(proxy.requests).toHaveLength(asked);
});

it('goes on when a listener throws, and tells the others', async () => {
  await registry.register(registration(one));
  const stop = new AbortController();
  const thrower = registry.watch(
    { service: 'calculator' },
    () => {
      throw new Error('a bug of the listener');
    },
    stop.signal,
  );
  const followed = new Followed(registry, { service: 'calculator' });
  await expectView(followed, 'calculator-1:passing');
  await registry.beat(one.id, 'critical', 'ill');
  await expectView(followed, 'calculator-1:critical');
  stop.abort();
  await thrower;
  await followed.end();
});

describe('a process that has nothing left to do but its watch', () => {
  /** Says `free` when it is so, and every health that it sees. */
  async function begun(unrefSockets: boolean): Promise<{ child: ChildProcess; said: () => string }> {
    await registry.register(registration(one));
    const program = `
      const { openRegistry } = require(${JSON.stringify(join(__dirname, '../../registry/factory.ts'))});
      const registry = openRegistry({ address: '${consul.address}', unrefSockets: ${unrefSockets} }, {});
      const hold = setTimeout(() => {}, 60_000);
      const free = () => { clearTimeout(hold); console.log('free'); };
      registry.watch({ service: 'calculator' }, ({ snapshot }) => {
        console.log(snapshot.instances[0].health);
        // The next blocking query reuses the socket; only then nothing else is left to do.
        setTimeout(free, 100);
      }, new AbortController().signal);
    `;
    const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: join(__dirname, '../..'),
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('free'), { what: 'the process to have nothing left to do', timeoutMs: 20_000 });
    return { child, said: () => said };
  }

  it('ends, when the sockets of the registry may not hold it', async () => {
    const { child } = await begun(true);
    await expect(until(() => child.exitCode === 0, { what: 'its end', timeoutMs: 20_000 })).resolves.toBe(true);
  }, 50_000);

  it('runs on otherwise, and hears news', async () => {
    const { child, said } = await begun(false);
    await registry.beat(one.id, 'critical', 'ill');
    await until(() => said().includes('critical'), { what: 'the news', timeoutMs: 20_000 });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await expect(exited).resolves.toEqual([null, 'SIGKILL']);
  }, 50_000);
});

function reasonOf(followed: Followed): string | undefined {
  const last = followed.events.findLast((event) => event.type === 'snapshot');
  return last?.snapshot.instances[0]?.reason;
}
