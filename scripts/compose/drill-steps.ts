/**
 * The five kinds of harm, each as something a person could type; and by what one sees that it was felt and is over.
 */
import type { Snapshot } from '../../core/domain/snapshot';
import { SERVERS, type Cluster } from './cluster';
import type { StepName } from './limits';
import type { LoadFeed } from './load-feed';

export interface DrillStep {
  readonly name: StepName;
  readonly title: string;
  /** Does the harm; resolves with what was done. */
  strike(): Promise<string>;
  /** The harm shows: worth a look at the state. */
  felt(): Promise<boolean>;
  /** Ends what does not end by itself; resolves with what was done. */
  heal?(): Promise<string>;
  /** All is as it was before. */
  recovered(): Promise<boolean>;
}

/** How long Consul stays away: longer than a beat, an election and a few reads, shorter than a person's patience. */
const AWAY_MS = 8_000;
const PRIMARY = 'calculator-1';

export function drillSteps(cluster: Cluster, feed: LoadFeed, nowMs: () => number): readonly DrillStep[] {
  return [...serverSteps(cluster, feed), ...consulSteps(cluster, nowMs)];
}

function serverSteps(cluster: Cluster, feed: LoadFeed): readonly DrillStep[] {
  const movedAway = async (...healths: readonly string[]): Promise<boolean> =>
    feed.tier > 0 && healths.includes(healthOfPrimary(await cluster.catalog()));
  const recovered = async (): Promise<boolean> => feed.tier === 0 && allPass(await cluster.catalog());
  let reconnect = (): Promise<void> => Promise.resolve();
  return [
    {
      name: 'kill',
      title: "the primary's server is killed",
      strike: async () => `docker compose run --rm chaos kill: ${await cluster.chaos('kill')}`,
      felt: () => movedAway('warning', 'critical', 'passing'),
      recovered,
    },
    {
      name: 'pause',
      title: "the primary's server hangs",
      strike: async () => `docker compose run --rm chaos pause: ${await cluster.chaos('pause')}`,
      felt: () => movedAway('critical'),
      recovered,
    },
    {
      name: 'disconnect',
      title: "the primary's machine is cut off the network",
      strike: async () => {
        reconnect = await cluster.disconnect('node-1');
        return 'docker network disconnect understudy_cluster understudy-node-1-1';
      },
      felt: () => movedAway('critical'),
      heal: async () => {
        await reconnect();
        return 'docker network connect --ip … --alias calculator-1 understudy_cluster understudy-node-1-1';
      },
      recovered,
    },
  ];
}

function consulSteps(cluster: Cluster, nowMs: () => number): readonly DrillStep[] {
  let stopped: readonly string[] = [];
  let untilMs = 0;
  const stop = async (servers: readonly string[]): Promise<string> => {
    stopped = servers;
    await cluster.compose('stop', '--timeout', '3', ...servers);
    untilMs = nowMs() + AWAY_MS;
    return `docker compose stop ${servers.join(' ')}`;
  };
  const rest = {
    felt: (): Promise<boolean> => Promise.resolve(nowMs() >= untilMs),
    heal: async (): Promise<string> => {
      await cluster.compose('start', ...stopped);
      return `docker compose start ${stopped.join(' ')}`;
    },
    recovered: async (): Promise<boolean> =>
      (await cluster.serversUp()) === SERVERS.length && allPass(await cluster.catalog()),
  };
  return [
    {
      name: 'one-server',
      title: 'the leader of the Consul servers stops',
      strike: async () => stop([await cluster.leader()]),
      ...rest,
    },
    { name: 'all-servers', title: 'all Consul servers stop', strike: () => stop(SERVERS), ...rest },
  ];
}

function healthOfPrimary({ instances }: Snapshot): string {
  return instances.find(({ id }) => id === PRIMARY)?.health ?? 'missing';
}

function allPass({ instances }: Snapshot): boolean {
  return instances.length === 3 && instances.every(({ health }) => health === 'passing');
}
