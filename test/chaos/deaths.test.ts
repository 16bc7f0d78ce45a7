/**
 * Every kind of death, under calls of every kind, on real processes with a real Consul, whose catalog says "passing"
 * throughout: the caller has to notice by itself.
 */
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { Stage, type Topology } from '../support/chaos/stage';

jest.setTimeout(60_000);

interface Death {
  readonly name: string;
  readonly happens: (stage: Stage) => Promise<void> | void;
  /** The victim must get no calls in the end. */
  readonly isLeft: boolean;
  /** Unsafe calls that may fail: those that were sent before it could be known. Infinity where that depends on the machine. */
  readonly unsafeMayFail: number;
  /** Streams may break after their first message. */
  readonly mayCut: boolean;
  /** With `equals` too, and not only in the long form: those which they meet otherwise than a primary. */
  readonly alsoInShort?: true;
}

const DEATHS: readonly Death[] = [
  {
    name: 'it is killed',
    happens: ({ victim }) => victim.signal('SIGKILL'),
    isLeft: true,
    // Those in flight: a service time at one call each 18 ms.
    unsafeMayFail: 5,
    mayCut: true,
  },
  {
    name: 'it hangs',
    happens: ({ victim }) => victim.signal('SIGSTOP'),
    isLeft: true,
    unsafeMayFail: Infinity,
    mayCut: true,
  },
  {
    name: 'the network loses everything to and from it',
    alsoInShort: true,
    happens: ({ line }) => line.lose(true),
    isLeft: true,
    unsafeMayFail: Infinity,
    mayCut: true,
  },
  {
    name: 'something takes its place that accepts connections and stays silent',
    happens: async (stage) => {
      stage.victim.signal('SIGKILL');
      await stage.muteVictimsPort();
    },
    isLeft: true,
    unsafeMayFail: 5,
    mayCut: true,
  },
  {
    name: 'it says NOT_SERVING',
    happens: ({ victim }) => victim.setFault({ kind: 'NOT_SERVING' }),
    isLeft: true,
    unsafeMayFail: 0,
    mayCut: false,
  },
  {
    name: 'it fails every call and says SERVING',
    happens: ({ victim }) => victim.setFault({ kind: 'UNAVAILABLE' }),
    isLeft: true,
    unsafeMayFail: 5,
    mayCut: false,
  },
  {
    name: 'it drains',
    alsoInShort: true,
    happens: ({ victim }) => victim.signal('SIGTERM'),
    isLeft: true,
    unsafeMayFail: 0,
    mayCut: false,
  },
  {
    name: 'its agent calls it critical, though it is well',
    happens: (stage) => stage.beat('critical', 'the agent is wrong'),
    isLeft: true,
    unsafeMayFail: 0,
    mayCut: false,
  },
  {
    name: 'it becomes ten times as slow',
    happens: ({ victim }) => victim.setFault({ kind: 'SLOW', delayMs: 30 }),
    // On a crowded machine that is nothing unusual; test/contract/client/detection.test.ts shows that it is left.
    isLeft: false,
    unsafeMayFail: 0,
    mayCut: false,
  },
  {
    name: 'it dies and comes back again and again',
    happens: async (stage) => {
      for (let times = 0; times < 3; times += 1) {
        stage.victim.signal('SIGKILL');
        await stage.restartVictim();
        await stage.victimIsBack();
      }
    },
    isLeft: false,
    unsafeMayFail: 15,
    mayCut: true,
  },
];

let consul: ConsulProcess;
let stage: Stage;

beforeAll(async () => {
  consul = await startConsul();
});
afterAll(() => consul.stop());
afterEach(() => stage.end());

const TOPOLOGIES: readonly (readonly [Topology, readonly Death[]])[] = [
  ['tiers', DEATHS],
  ['equals', LONG_CHAOS ? DEATHS : DEATHS.filter(({ alsoInShort }) => alsoInShort)],
];

describe.each(TOPOLOGIES)('with %s', (topology, deaths) => {
  it.each(deaths)('when $name, no call is lost that could be saved, and none is executed twice', async (death) => {
    stage = new Stage(consul.address, topology);
    await stage.begin();
    await death.happens(stage);
    if (death.isLeft) await stage.victimIsLeft();
    await stage.callsGoOn(90);
    const { load } = stage;
    await load.stop();
    expect(load.lostSafe).toEqual([]);
    expect(load.lostStreams).toEqual([]);
    expect(load.failedUnsafe.length).toBeLessThanOrEqual(death.unsafeMayFail);
    expect(load.cutStreams.length === 0 || death.mayCut).toBe(true);
    expect(stage.verdict()).toEqual({ executedTwice: [], acknowledgedButLost: [], neverWished: [] });
  });
});
