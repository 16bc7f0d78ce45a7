/**
 * One run: a new primary and a new caller, load, a fault, and what came of it. It leaves nothing running but what it was
 * given.
 */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { readLedger } from '../../calculator/ledger';
import { FaultsClient } from '../../proto/calculator';
import { endProcess } from '../quickstart/processes';
import {
  LOAD,
  monotonicMs,
  UNDERSTUDY,
  type CallerName,
  type FailbackTold,
  type FailoverQuestion,
  type FaultName,
  type OneFailover,
} from './failover-plan';
import { LossyNetwork } from './lossy-network';
import { startProxy, type InstalledProxy, type Proxy } from './proxies';
import type { ProxyKind } from './proxy-configs';
import type { Calculator, Site } from './site';
import type { Worker } from './worker-link';

export interface Stage {
  readonly site: Site;
  readonly backup: Calculator;
  readonly callers: Worker<FailoverQuestion, object>;
  readonly times: RunTimes;
}

export interface RunTimes {
  /** The first calls wait for connections: they are no standard. */
  readonly settleMs: number;
  readonly steadyMs: number;
  /** A run ends when no call failed for so long after the fault, or when `watchMs` are over. */
  readonly calmMs: number;
  readonly watchMs: number;
  readonly failbackMs: number;
}

/** Who calls, and through what. */
export interface Way {
  readonly caller: CallerName;
  readonly proxy?: { readonly installed: InstalledProxy; readonly kind: ProxyKind };
}

export interface Measured extends OneFailover {
  /** From when the primary listened again until the client said that it goes back; 0 without a word or a failback. */
  readonly heldMs: number;
  /** Executions of an unsafe call beyond its first, on both servers. */
  readonly executedTwice: number;
}

export const BACKUP = 'backup';
const PRIMARY = 'primary';
const DEAD_MS = 500;
/** For what was stopped to do late what it was told before. */
const LATE_MS = 300;

export function calculatorFlags(site: Site, instance: string): readonly string[] {
  return ['--allow-faults', '--service-time-ms', String(LOAD.serviceTimeMs), '--ledger', ledgerOf(site, instance)];
}

function ledgerOf(site: Site, instance: string): string {
  return join(site.folder, `${instance}.ledger`);
}

export class Run {
  constructor(
    private readonly stage: Stage,
    private readonly way: Way,
    private readonly service: string,
  ) {}

  async of(fault: FaultName): Promise<Measured> {
    const { site, backup } = this.stage;
    const primary = await this.startPrimary();
    this.clearLedgers();
    const network = fault === 'packets dropped' ? await LossyNetwork.to(primary.port, site) : undefined;
    const ports = [network?.port ?? primary.port, backup.port] as const;
    let proxy: Proxy | undefined;
    try {
      proxy = await this.startProxy(ports);
      await this.open(ports, proxy);
      const one = await this.meet(fault, primary, network);
      network?.heal();
      primary.child.kill('SIGCONT');
      await pause(LATE_MS);
      return { ...one, executedTwice: this.executedTwice() };
    } finally {
      primary.child.kill('SIGKILL');
      await network?.stop();
      if (proxy !== undefined) await endProcess(proxy.child, 2_000);
    }
  }

  private startPrimary(flags: readonly string[] = []): Promise<Calculator> {
    const { site } = this.stage;
    return site.startCalculator(PRIMARY, [...calculatorFlags(site, PRIMARY), ...flags]);
  }

  private async startProxy(ports: readonly [number, number]): Promise<Proxy | undefined> {
    if (this.way.proxy === undefined) return undefined;
    const { site } = this.stage;
    const { installed, kind } = this.way.proxy;
    const [primary, backup] = [`127.0.0.1:${ports[0]}`, `127.0.0.1:${ports[1]}`];
    const proxy = await startProxy(installed, kind, { primary, backup }, site.folder);
    site.own(proxy.child);
    return proxy;
  }

  private async open(ports: readonly [number, number], proxy: Proxy | undefined): Promise<void> {
    const { site, callers } = this.stage;
    const { caller } = this.way;
    if (caller === UNDERSTUDY) {
      await site.register(this.service, PRIMARY, ports[0], 0);
      await site.register(this.service, BACKUP, ports[1], 1);
    }
    const addresses = proxy === undefined ? ports.map((port) => `127.0.0.1:${port}`) : [proxy.address];
    await callers.ask({ ask: 'open', caller, service: this.service, consul: site.consul.address, addresses });
  }

  private async meet(
    fault: FaultName,
    primary: Calculator,
    network?: LossyNetwork,
  ): Promise<Omit<Measured, 'executedTwice'>> {
    const { callers, times } = this.stage;
    for (const ms of [times.settleMs, times.steadyMs]) {
      await pause(ms);
      await callers.ask({ ask: 'mark' });
    }
    if (fault === 'failback') return this.failback(primary);
    const strike = await prepared(fault, primary, network);
    const faultMs = monotonicMs();
    await strike();
    return { ...(await this.close(faultMs, 0, BACKUP)), heldMs: 0 };
  }

  /** Only the way back counts: what the kill cost before it stands in a row of its own. */
  private async failback(primary: Calculator): Promise<Omit<Measured, 'executedTwice'>> {
    primary.child.kill('SIGKILL');
    await pause(DEAD_MS);
    const again = await this.startPrimary(['--port', String(primary.port)]);
    const backMs = monotonicMs();
    this.clearLedgers();
    try {
      const question = { ask: 'failback', to: PRIMARY, timeoutMs: this.stage.times.failbackMs } as const;
      const { atMs } = (await this.stage.callers.ask(question)) as FailbackTold;
      const one = await this.close(atMs ?? backMs, backMs, PRIMARY);
      return { ...one, heldMs: (atMs ?? backMs) - backMs };
    } finally {
      again.child.kill('SIGKILL');
    }
  }

  private async close(faultMs: number, countFromMs: number, to: string): Promise<OneFailover> {
    const { callers, times } = this.stage;
    await callers.ask({ ask: 'calm', calmMs: times.calmMs, timeoutMs: times.watchMs });
    return (await callers.ask({ ask: 'close', faultMs, countFromMs, to })) as OneFailover;
  }

  /** What the servers write goes on at the end of the file, so at its beginning again. */
  private clearLedgers(): void {
    for (const instance of [PRIMARY, BACKUP]) truncateSync(ledgerOf(this.stage.site, instance));
  }

  private executedTwice(): number {
    const ids = [PRIMARY, BACKUP]
      .flatMap((instance) => readLedger(ledgerOf(this.stage.site, instance)).entries)
      .map(({ id }) => id)
      .filter((id) => id.startsWith(`${this.service}-`));
    return ids.length - new Set(ids).size;
  }
}

/** What brings the fault about at once, when it is called: who has to be told of it is connected already. */
async function prepared(
  fault: Exclude<FaultName, 'failback'>,
  primary: Calculator,
  network: LossyNetwork | undefined,
): Promise<() => void | Promise<void>> {
  switch (fault) {
    case 'kill -9':
      return () => void primary.child.kill('SIGKILL');
    case 'SIGSTOP':
    case 'SIGTERM':
      return () => void primary.child.kill(fault);
    case 'packets dropped':
      return () => network?.lose();
    case 'every call UNAVAILABLE':
      return faultSetter(primary.port, 'UNAVAILABLE');
    case 'NOT_SERVING':
      return faultSetter(primary.port, 'NOT_SERVING');
  }
}

async function faultSetter(port: number, kind: 'UNAVAILABLE' | 'NOT_SERVING'): Promise<() => Promise<void>> {
  const client = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const set = (to: 'NONE' | typeof kind): Promise<void> =>
    new Promise((resolve, reject) =>
      client.SetFault({ kind: to }, (error) => (error === null ? resolve() : reject(error))),
    );
  await set('NONE');
  return () => set(kind).finally(() => client.close());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
