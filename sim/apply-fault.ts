/**
 * Does to the world what a fault says, and undoes it when its time is over.
 */
import type { AgentHost } from './agent-host';
import type { Caller } from './caller';
import type { SimConsul } from './consul';
import type { Engine } from './engine';
import type { Fault } from './faults';
import type { LinkTrouble, Network } from './network';
import type { Random } from './random';
import type { ServerMode } from './server';

export interface Stage {
  readonly engine: Engine;
  readonly network: Network;
  readonly consul: SimConsul;
  readonly random: Random;
  readonly hosts: ReadonlyMap<string, AgentHost>;
  readonly callers: ReadonlyMap<string, Caller>;
}

/** A service manager starts an agent again after this. */
const AGENT_RESTART_MS = 1_000;
const BOOT_MS = 2_000;
/** Longer than the drain of an agent. */
const ROLLING_MS = 10_000;

const MODES: Partial<Record<Fault['kind'], ServerMode>> = {
  hang: 'hung',
  sick: 'sick',
  half: 'half',
  slow: 'slow',
  refuse: 'refusing',
};

type ConsulChange = Parameters<SimConsul['change']>[0];

const TROUBLES: Partial<Record<Fault['kind'], { readonly begin: ConsulChange; readonly end: ConsulChange }>> = {
  'consul-away': { begin: { isAway: true }, end: { isAway: false } },
  'consul-leaderless': { begin: { hasLeader: false }, end: { hasLeader: true } },
  'consul-empty': { begin: { answersEmpty: true }, end: { answersEmpty: false } },
};

/** @returns how long it disturbs, ms, from now on until the world is as it was but for what follows from it */
export function applyFault(fault: Fault, stage: Stage): number {
  const { kind, forMs } = fault;
  const later = (ms: number, undo: () => void): number => {
    stage.engine.at(stage.engine.nowMs + ms, undo);
    return ms;
  };
  if (kind.startsWith('consul')) return troubleConsul(fault, stage.consul, later);
  if (kind === 'caller-pause') {
    stage.callers.get(fault.target)?.process.stopFor(forMs);
    return forMs;
  }
  if (kind === 'shared' || kind === 'shared-hang' || kind === 'caller-cut') return troubleAll(fault, stage, later);
  const host = stage.hosts.get(fault.target);
  if (kind === 'cut' || kind === 'cut-one-way' || kind === 'loss' || kind === 'latency') {
    const heal = troubleLink(fault, stage);
    return later(forMs, heal);
  }
  return host === undefined ? 0 : troubleHost(fault, host, stage, later);
}

/** All servers, or all links of one caller to them, at once. */
function troubleAll(fault: Fault, stage: Stage, later: Later): number {
  const trouble = ([id, { server }]: readonly [string, AgentHost]): (() => void) =>
    fault.kind === 'caller-cut'
      ? troubleLink({ ...fault, kind: 'cut', peer: id }, stage)
      : server.fall(fault.kind === 'shared' ? 'refusing' : 'hung');
  const undos = [...stage.hosts].map(trouble);
  return later(fault.forMs, () => undos.forEach((undo) => undo()));
}

function troubleHost(fault: Fault, host: AgentHost, stage: Stage, later: Later): number {
  const { kind, forMs } = fault;
  const mode = MODES[kind];
  if (mode !== undefined) return later(forMs, host.server.fall(mode));
  if (kind === 'kill') host.killServer();
  if (kind === 'crash-loop') {
    host.crashesUntilMs = stage.engine.nowMs + forMs;
    host.killServer();
    return forMs;
  }
  if (kind === 'agent-pause') host.pause(forMs);
  if (kind === 'dark') return darken(forMs + BOOT_MS, host, stage, later);
  if (kind === 'agent-kill') {
    host.kill();
    return later(AGENT_RESTART_MS, () => startAgain(host, stage.random));
  }
  if (kind === 'rolling') {
    host.leave();
    return later(ROLLING_MS, () => {
      host.kill();
      startAgain(host, stage.random);
    });
  }
  return kind === 'agent-pause' ? forMs : 0;
}

function darken(forMs: number, host: AgentHost, stage: Stage, later: Later): number {
  host.server.isDark = true;
  host.kill(true);
  return later(forMs, () => {
    host.server.isDark = false;
    startAgain(host, stage.random);
  });
}

/** The clock of a machine that comes back may be off. */
function startAgain(host: AgentHost, random: Random): void {
  if (!host.isRunning && !host.server.isDark) host.start(random.chance(0.3) ? random.int(-60_000, 60_000) : 0);
}

type Later = (ms: number, undo: () => void) => number;

function troubleConsul({ kind, forMs }: Fault, consul: SimConsul, later: Later): number {
  const on = TROUBLES[kind];
  if (on !== undefined) {
    consul.change(on.begin);
    return later(forMs, () => consul.change(on.end));
  }
  if (kind === 'consul-index') consul.resetIndex();
  else consul.wipe();
  return 0;
}

function troubleLink({ kind, target, peer }: Fault, { network, random }: Stage): () => void {
  const trouble: LinkTrouble =
    kind === 'loss'
      ? { lossShare: random.between(0.05, 0.4) }
      : kind === 'latency'
        ? { extraMs: random.between(20, 400) }
        : { cut: true };
  const there = network.trouble(target, peer, trouble);
  const back = kind === 'cut-one-way' ? undefined : network.trouble(peer, target, trouble);
  return () => {
    there();
    back?.();
  };
}
