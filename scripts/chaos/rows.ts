/**
 * The table of everything that `npm run chaos` does to a cluster, and what it may cost at most: the one place to add a row
 * or to tighten a limit. How a row is played stands in plays-*.ts.
 */
import type { Limits } from './figures';
import * as agents from './plays-agents';
import * as consul from './plays-consul';
import * as network from './plays-network';
import * as resources from './plays-resources';
import * as servers from './plays-servers';
import type { Scene, SceneOptions } from './scene';

export interface Row {
  readonly name: string;
  readonly what: string;
  readonly scene: SceneOptions;
  /** Failovers that the fault is a reason for; more are false. */
  readonly justified: number;
  readonly limits: Limits;
  /** Why this machine cannot play it; null: it can. */
  readonly hindrance?: () => string | null;
  /** Resolves when the fault is over; the calls go on. */
  readonly play: (scene: Scene) => Promise<void>;
}

const AGENTS: SceneOptions = { kept: 'agents', consul: 'one' };
const THREE: SceneOptions = { kept: 'agents', consul: 'three' };
const HAND: SceneOptions = { kept: 'hand', consul: 'one' };

/** No safe call, no failover without a reason, and no gap that a caller would call an outage. */
const STRICT: Limits = { lostSafe: 0, falseFailovers: 0, gapMs: 2_000 };
/** Of a silent server a caller can only guess, and how long that takes depends on the machine. */
const GUESSED: Limits = { lostSafe: 0, falseFailovers: 0, gapMs: null };

export const ROWS: readonly Row[] = [
  {
    name: 'kill',
    what: 'The primary’s server is killed; its agent starts it again.',
    scene: AGENTS,
    justified: 1,
    limits: STRICT,
    play: servers.kill,
  },
  {
    name: 'stop',
    what: 'The primary’s server is stopped (SIGSTOP): its sockets stay open, nothing answers. Its agent kills it and starts it again.',
    scene: AGENTS,
    justified: 1,
    limits: GUESSED,
    play: servers.stop,
  },
  {
    name: 'half-dead',
    what: 'The primary dies, and something takes its port that accepts connections and never says a word, for 5 s.',
    scene: HAND,
    justified: 1,
    limits: STRICT,
    play: servers.halfDead,
  },
  {
    name: 'slow',
    what: 'Each call of the primary takes 300 ms longer, for 8 s. Callers may leave it, and again when they came back too early.',
    scene: AGENTS,
    justified: 2,
    limits: STRICT,
    play: servers.slow,
  },
  {
    name: 'flap',
    what: 'The primary’s server is killed three times, each time when it has been back for a second.',
    scene: AGENTS,
    justified: 3,
    limits: STRICT,
    play: servers.flap,
  },
  {
    name: 'drain',
    what: 'The primary’s server drains (SIGTERM), ends, and is started again by its agent.',
    scene: AGENTS,
    justified: 1,
    limits: STRICT,
    play: servers.drain,
  },
  {
    name: 'rolling-restart',
    what: 'All three servers drain and are started again, one after the other, each when the one before is passing.',
    scene: AGENTS,
    justified: 2,
    limits: STRICT,
    play: servers.rollingRestart,
  },
  {
    name: 'agent-kill',
    what: 'The primary’s agent is killed (SIGKILL); its server runs on until the TTL is over. Then, as systemd does, the server is ended and a new agent started.',
    scene: AGENTS,
    justified: 1,
    limits: STRICT,
    play: agents.kill,
  },
  {
    name: 'agent-pause',
    what: 'The primary’s agent stands still for 10 s, as long as its TTL; its server is well.',
    scene: AGENTS,
    justified: 1,
    limits: STRICT,
    play: agents.pause,
  },
  {
    name: 'agent-kill-in-recovery',
    what: 'The primary’s server is killed, and its agent while it starts it again. A new agent is started a second later.',
    scene: AGENTS,
    justified: 1,
    limits: STRICT,
    play: agents.killInRecovery,
  },
  {
    name: 'consul-leader-kill',
    what: 'Of three Consul servers the leader is killed, and started again after 15 s.',
    scene: THREE,
    justified: 0,
    limits: STRICT,
    play: consul.leaderKill,
  },
  {
    name: 'consul-quorum-loss',
    what: 'Of three Consul servers two are killed: no writes, and no reads that need a leader, for 15 s.',
    scene: THREE,
    justified: 0,
    limits: STRICT,
    play: consul.quorumLoss,
  },
  {
    name: 'consul-down',
    what: 'All Consuls, the local agent too, are killed for 15 s, longer than the TTL of the checks. The local agent comes back and calls them critical until the next beat: one failover has a reason.',
    scene: THREE,
    justified: 1,
    limits: STRICT,
    play: consul.allDown,
  },
  {
    name: 'consul-wiped',
    what: 'All Consuls are killed and come back empty.',
    scene: THREE,
    justified: 0,
    limits: STRICT,
    play: consul.wiped,
  },
  {
    name: 'caller-cut-from-consul',
    what: 'The caller, and nobody else, hears nothing of Consul for 15 s.',
    scene: AGENTS,
    justified: 0,
    limits: STRICT,
    play: consul.callerCutOff,
  },
  {
    name: 'caller-cut-from-primary',
    what: 'All between the caller and the primary is lost for 8 s and more; both are well, and Consul says so.',
    scene: HAND,
    justified: 1,
    limits: GUESSED,
    play: network.cutOff,
  },
  {
    name: 'latency',
    what: 'The way to the primary and back takes 200 ms more, for 8 s. It may seem silent first, and is slow when the calls are back: a failover for each is no false one.',
    scene: HAND,
    justified: 2,
    limits: STRICT,
    play: network.latency,
  },
  {
    name: 'resets',
    what: 'Each piece of data between caller and primary breaks its connection with a probability of 5 %, for 8 s.',
    scene: HAND,
    justified: 1,
    limits: { ...STRICT, falseFailovers: null },
    play: network.resets,
  },
  {
    name: 'disk-full',
    what: 'The disk with the primary’s ledger and its agent’s journal is full for 8 s, in the middle of which its server is killed.',
    scene: { ...AGENTS, smallDisk: true },
    justified: 2,
    limits: STRICT,
    hindrance: resources.noSmallDisk,
    play: resources.diskFull,
  },
  {
    name: 'no-descriptors',
    what: 'The primary may open no more file descriptors, and its connections break, for 8 s.',
    scene: HAND,
    justified: 1,
    limits: STRICT,
    hindrance: resources.noPrlimit,
    play: resources.noDescriptors,
  },
  {
    name: 'overload',
    what: 'The primary gets a fifth of a core, and for 8 s twice the calls that it can do then.',
    scene: HAND,
    justified: 1,
    limits: { lostSafe: null, falseFailovers: null, gapMs: null },
    play: resources.overload,
  },
  {
    name: 'clock-off',
    what: 'The primary’s agent and server are started again with clocks an hour behind; then the server is killed.',
    scene: AGENTS,
    justified: 2,
    limits: STRICT,
    play: resources.clockOff,
  },
];
