/**
 * `npm run consul:load`: measures on a real Consul what the estimate of docs/scale.md is made of, and prints one line for each
 * constant of sim/scale/load-constants.ts. It decides nothing, and leaves nothing behind.
 */
import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { Command } from 'commander';
import { Site } from './bench/site';
import type { Cleanup } from './quickstart/cleanup';
import { runCommand } from './run-command';

const ENTRIES = 100;
const WATCHERS = 20;
const CHANGES = 20;
const BEATS = 200;
/** Linux counts a process's CPU time in hundredths of a second. */
const MS_PER_TICK = 10;

interface Answer {
  readonly index: string;
  readonly bytes: number;
}

/** Blocking queries that are asked again and again, as clients do. */
class Watchers {
  answers = 0;
  bytes = 0;
  private readonly agent = new Agent({ keepAlive: true });
  private stopped = false;

  constructor(
    private readonly consul: string,
    private readonly path: string,
    count: number,
  ) {
    for (let at = 0; at < count; at += 1) void this.follow().catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    this.agent.destroy();
  }

  private async follow(): Promise<void> {
    let { index } = await ask(this.consul, this.path, this.agent);
    while (!this.stopped) {
      const answer = await ask(this.consul, `${this.path}?index=${index}&wait=60s`, this.agent);
      index = answer.index;
      this.answers += 1;
      this.bytes += answer.bytes;
    }
  }
}

function ask(consul: string, path: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${consul}${path}`, agent === undefined ? {} : { agent }, (response) => {
      let bytes = 0;
      response.on('data', (data: Buffer) => (bytes += data.length));
      response.on('end', () => resolve({ index: String(response.headers['x-consul-index'] ?? ''), bytes }));
    });
    request.on('error', reject);
  });
}

async function run(_flags: object, cleanup: Cleanup): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const site = await Site.start(cleanup, say, { onDisk: true });
  const { address, pid, version } = site.consul;
  const tell = (name: string, value: number, words: string): void =>
    void process.stdout.write(`${name.padEnd(28)} ${String(Math.round(value * 100) / 100).padStart(10)}  ${words}\n`);
  const ids: string[] = [];
  for (let at = 0; at < ENTRIES; at += 1) ids.push(await site.register('crowd', `instance-${at}`, 5_000 + at, at % 3));
  await site.register('other', 'instance-1', 5_001, 0);
  await settled();
  process.stdout.write(`Consul ${version}, one server on disk\n`);
  tell('entryBytes', (await ask(address, '/v1/health/service/crowd')).bytes / ENTRIES, 'of one entry in an answer');
  await tellWrites(site, ids, tell);
  const own = new Watchers(address, '/v1/health/service/crowd', WATCHERS);
  const others = new Watchers(address, '/v1/health/service/other', WATCHERS);
  const settings = new Watchers(address, '/v1/kv/understudy/services/crowd', WATCHERS);
  cleanup.add(() => [own, others, settings].forEach((watchers) => watchers.stop()));
  await settled();
  const before = { cpuMs: await cpuMs(pid), bytes: own.bytes };
  await change(site, ids[0] ?? '', CHANGES);
  const usedMs = (await cpuMs(pid)) - before.cpuMs;
  tell('answersPerChange', own.answers / (CHANGES * WATCHERS), 'to each watcher of the service');
  tell('answersToOthers', others.answers / (CHANGES * WATCHERS), 'to each watcher of another service');
  tell('settingAnswersPerChange', settings.answers / (CHANGES * WATCHERS), 'to each watcher of live settings');
  tell(
    'serverCpuMsPerMb',
    usedMs / ((own.bytes - before.bytes) / 1e6),
    'of Consul for a megabyte of answers to changes',
  );
  const asked = settings.answers;
  await fetch(`http://${address}/v1/kv/understudy/recovery/crowd`, { method: 'PUT', body: 'x' });
  await settled();
  tell(
    'settingAnswersPerKvWrite',
    (settings.answers - asked) / WATCHERS,
    'to each watcher of a key that was never written',
  );
  return 0;
}

/** What a beat and a change of status cost the servers' log. */
async function tellWrites(
  site: Site,
  ids: readonly string[],
  tell: (name: string, value: number, words: string) => void,
): Promise<void> {
  const { address } = site.consul;
  const id = ids[0] ?? '';
  let before = await raftIndex(address);
  for (let beat = 0; beat < BEATS; beat += 1) await site.registry.beat(id, 'passing', 'the bench says so');
  await settled();
  tell(
    'writesPerBeat',
    ((await raftIndex(address)) - before) / BEATS,
    'to the log of the servers, of a beat that changes nothing',
  );
  before = await raftIndex(address);
  await change(site, id, CHANGES);
  tell(
    'writesPerChange',
    ((await raftIndex(address)) - before) / CHANGES,
    'to the log of the servers, of a beat that changes the health',
  );
}

async function change(site: Site, id: string, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    await site.registry.beat(id, at % 2 === 0 ? 'critical' : 'passing', 'the bench says so');
    await settled(250);
  }
}

/** The servers write a coordinate of each node now and then: a write or two more than ours. */
async function raftIndex(consul: string): Promise<number> {
  const self = (await (await fetch(`http://${consul}/v1/agent/self`)).json()) as {
    readonly Stats: { readonly raft: { readonly applied_index: string } };
  };
  return Number(self.Stats.raft.applied_index);
}

/** proc_pid_stat(5): fields 14 and 15; the second field may hold spaces and ends with the last bracket. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Consul's agent syncs with its servers within this. */
function settled(ms = 1_500): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function parseFlags(argv: readonly string[]): object {
  return new Command('npm run consul:load --')
    .description('What Understudy costs Consul, for the estimate of docs/scale.md.')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts();
}

runCommand(parseFlags, run);
