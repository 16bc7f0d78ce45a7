/**
 * What every bench stands on: a real Consul, Calculators as processes of the built package, and an entry in the catalog
 * for each. No agent stands beside them: what the client notices, it noticed by itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { findConsul } from '../consul-binary';
import { startDevConsul, type ConsulProcess, type DevConsulOptions } from '../consul/dev-consul';
import type { Cleanup } from '../quickstart/cleanup';
import { endProcess, guardAgainstOwnDeath } from '../quickstart/processes';

const ROOT = resolve(__dirname, '../..');
const DAY_MS = 86_400_000;
/** In memory where it can be: servers that wait for a busy disk, to write their ledgers, would count as a fault of the client. */
const MEMORY = '/dev/shm';

export interface Calculator {
  readonly instance: string;
  readonly port: number;
  readonly child: ChildProcess;
}

export class Site {
  private constructor(
    private readonly cleanup: Cleanup,
    readonly folder: string,
    readonly consul: ConsulProcess,
    readonly registry: Registry,
  ) {}

  /** Whatever it starts is ended by `cleanup`. */
  static async start(
    cleanup: Cleanup,
    say: (line: string) => void,
    consulOptions: Pick<DevConsulOptions, 'onDisk'> = {},
  ): Promise<Site> {
    const binary = await findConsul({ say });
    const consul = await startDevConsul({ binary, ...consulOptions });
    cleanup.add(() => consul.stop());
    const folder = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'understudy-bench-'));
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const registry = openRegistry({ address: consul.address }, {});
    cleanup.add(() => registry.close());
    return new Site(cleanup, folder, consul, registry);
  }

  /** The process ends with the bench, however that ends. */
  own(child: ChildProcess): void {
    const standDown = guardAgainstOwnDeath([child], this.folder);
    child.once('exit', standDown);
    this.cleanup.add(() => {
      child.kill('SIGCONT');
      return endProcess(child, 2_000);
    });
  }

  async startCalculator(instance: string, flags: readonly string[] = []): Promise<Calculator> {
    const main = join(ROOT, 'dist/calculator/main.js');
    const child = spawn(process.execPath, [main, '--instance', instance, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    this.own(child);
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line) as { readonly event: string; readonly port?: number };
        if (said.event === 'listening') resolve(said.port ?? 0);
      });
      child.once('exit', () => reject(new Error(`${instance} ended before it listened`)));
    });
    return { instance, port, child };
  }

  /** @returns the id of the entry */
  async register(service: string, instance: string, port: number, tier: number, ttlMs = DAY_MS): Promise<string> {
    const id = `${service}-${instance}`;
    await this.registry.register({
      instance: {
        id,
        service,
        address: '127.0.0.1',
        port,
        tier,
        weight: 1,
        epoch: 1,
        owner: 'bench',
        tags: [],
        meta: {},
      },
      ttlMs,
      deregisterAfterMs: DAY_MS,
      health: 'passing',
      reason: 'the bench says so',
    });
    return id;
  }
}
