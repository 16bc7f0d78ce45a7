/** What Consul, or what stands before it, may do wrong, with calls going on: none fails, and afterwards the view is right. */
import { LONG_CHAOS } from '../support/chaos/long-form';
import { HttpProxy } from '../support/http-proxy';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { Stage } from '../support/chaos/stage';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(60_000);

interface Trouble {
  readonly name: string;
  readonly begins: (proxy: HttpProxy) => void;
  /** Played in the short form too, see LONG_CHAOS. */
  readonly alsoInShort?: true;
}

const instead = (status: number, body: string) => (proxy: HttpProxy) => (proxy.instead = { status, body });

const TROUBLES: readonly Trouble[] = [
  { name: 'it refuses the token', begins: instead(403, 'Permission denied') },
  { alsoInShort: true, name: 'it lost its leader', begins: instead(500, 'No cluster leader') },
  { alsoInShort: true, name: 'it answers rubbish', begins: instead(200, '<html>It works!</html>') },
  { name: 'it answers JSON of another shape', begins: instead(200, '{"error":"none"}') },
  {
    alsoInShort: true,
    name: 'it answers that nobody is there, with an index that goes back',
    begins: instead(200, '[]'),
  },
  { name: 'it takes three seconds for each answer', begins: (proxy) => (proxy.delayMs = 3_000) },
  {
    alsoInShort: true,
    name: 'it breaks off in the middle of each answer',
    begins: (proxy) => (proxy.cutBodies = true),
  },
];

let consul: ConsulProcess;
let proxy: HttpProxy;
let stage: Stage;

beforeAll(async () => {
  consul = await startConsul();
});
afterAll(() => consul.stop());

beforeEach(async () => {
  proxy = await HttpProxy.start(consul.address);
  // Silence is not what this is about, and machines are crowded.
  const client = { heartbeatMinTimeoutMs: 1_000 };
  stage = new Stage(consul.address, 'tiers', { callersConsul: proxy.address, client });
  await stage.begin();
});
afterEach(async () => {
  await stage.end();
  await proxy.stop();
});

it.each(LONG_CHAOS ? TROUBLES : TROUBLES.filter(({ alsoInShort }) => alsoInShort))(
  'when $name, no call fails, and the view is right soon after',
  async ({ begins }) => {
    begins(proxy);
    proxy.breakConnections();
    await stage.callsGoOn(200);
    // What the caller cannot learn now.
    await stage.beat('critical', 'its disk is full');
    await stage.callsGoOn(50);
    proxy.instead = null;
    proxy.cutBodies = false;
    proxy.delayMs = 0;
    await until(() => stage.changes.length > 0, { what: 'the caller to act on the catalog', timeoutMs: 5_000 });
    await stage.callsGoOn(50);
    const { load } = stage;
    await load.stop();
    expect(stage.changes).toEqual(['failover 0->1']);
    expect([...load.lostSafe, ...load.failedUnsafe, ...load.lostStreams, ...load.cutStreams]).toEqual([]);
    expect(stage.verdict()).toEqual({ executedTwice: [], acknowledgedButLost: [], neverWished: [] });
  },
);
