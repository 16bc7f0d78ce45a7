/**
 * Servers that nobody harms, each under an agent of its own, a real Consul, and everything that is seen of them: the
 * catalog by a watch, the beats by a relay, the rest by what the agents tell.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkIdOf } from '../../registry/consul/consul-entry';
import { openRegistry } from '../../registry/factory';
import type { CatalogEvent } from '../../registry/port';
import { until } from '../chaos/until';
import { findConsul } from '../consul-binary';
import { startDevConsul } from '../consul/dev-consul';
import { RequestRelay } from '../consul/request-relay';
import type { Cleanup } from '../quickstart/cleanup';
import { BeatTally, CatalogTally, type Observed } from './false-alarms';
import { GuardedServer, SERVICE, type Told } from './guarded-server';

const IDS = ['calculator-1', 'calculator-2', 'calculator-3'];
const UP_MS = 60_000;
const FOUND_MS = 30_000;

export class CalmHouse {
  private readonly catalog = new CatalogTally(IDS);
  private beats = new BeatTally(0);
  private servers: readonly GuardedServer[] = [];
  private before: readonly Told[] = [];

  constructor(
    private readonly cleanup: Cleanup,
    private readonly say: (line: string) => void,
  ) {}

  /** Resolves when every server is passing; what the catalog turns to from then on is counted and said. */
  async open(): Promise<void> {
    const { cleanup, say } = this;
    const folder = await mkdtemp(join(tmpdir(), 'understudy-soak-'));
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const consul = await startDevConsul({ binary: await findConsul({ say }) });
    cleanup.add(() => consul.stop());
    const registry = openRegistry({ address: consul.address }, {});
    cleanup.add(() => registry.close());
    const relay = await RequestRelay.start(consul.httpPort, cleanup, (line) => this.onRequest(line));
    this.servers = await Promise.all(IDS.map((id) => GuardedServer.start(id, folder, relay.address, cleanup)));
    const passing = async (): Promise<boolean> => {
      const { instances } = await registry.snapshot({ service: SERVICE });
      return instances.filter(({ health }) => health === 'passing').length === IDS.length;
    };
    await until(passing, { what: 'every server to be passing', timeoutMs: UP_MS, everyMs: 100 });
    const watching = new AbortController();
    cleanup.add(() => watching.abort());
    void registry.watch({ service: SERVICE }, (event) => this.onCatalog(event), watching.signal);
    this.before = await Promise.all(this.servers.map((server) => server.told()));
    this.beats = new BeatTally(performance.now());
  }

  /** Of each instance since `open`. */
  async observed(): Promise<readonly Observed[]> {
    const nowMs = performance.now();
    const told = await Promise.all(this.servers.map((server) => server.told()));
    return told.map((all, at) => {
      const id = IDS[at] ?? '';
      const since = (key: keyof Told): number => all[key] - (this.before[at]?.[key] ?? 0);
      return {
        ...{ id, probes: since('probes'), failedProbes: since('failedProbes'), spared: since('spared') },
        ...{ restarts: since('restarts'), incidents: since('incidents') },
        ...this.catalog.of(id),
        ...this.beats.of(checkIdOf(id), nowMs),
      };
    });
  }

  /**
   * Hangs every server at once. Rejects when one of the ways to notice an alarm stays silent: then all of them were deaf
   * before, too. @returns how long it took until the catalog said critical of each, ms
   */
  hang(): Promise<readonly number[]> {
    return Promise.all(
      this.servers.map(async (server) => {
        await server.hang();
        const hungMs = performance.now();
        const found = (): boolean => this.catalog.now(server.id) === 'critical';
        await until(found, { what: `${server.id}, which hangs, to be critical`, timeoutMs: FOUND_MS });
        const foundMs = performance.now() - hungMs;
        const noted = async (): Promise<boolean> => {
          const { failedProbes, incidents } = await server.told();
          return failedProbes > 0 && incidents > 0;
        };
        await until(noted, { what: `the journal to hold that ${server.id} hangs`, timeoutMs: FOUND_MS });
        return foundMs;
      }),
    );
  }

  private onCatalog(event: CatalogEvent): void {
    if (event.type === 'snapshot') for (const change of this.catalog.take(event.snapshot)) this.say(change);
    if (event.type === 'trouble') this.say(`the catalog cannot be read: ${event.error.message}`);
  }

  private onRequest(line: string): void {
    const [, check] = /\/agent\/check\/update\/(\S+) /.exec(line) ?? [];
    if (check !== undefined) this.beats.beat(decodeURIComponent(check), performance.now());
  }
}
