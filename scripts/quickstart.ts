/**
 * The main job in one command: a real Consul, three Calculators with an agent beside each, a steady load, and a fault
 * in the primary. Exit code 0 only when no safe call was lost and none was executed twice. Leaves nothing behind.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { readLedger } from '../calculator/ledger';
import type { LoadReport } from '../calculator/load';
import { openRegistry } from '../registry/factory';
import type { CatalogEvent } from '../registry/port';
import { ConsulNotFoundError, findConsul } from './consul-binary';
import { startDevConsul, type ConsulProcess } from './consul/dev-consul';
import { Cleanup } from './quickstart/cleanup';
import { startCluster, type Node } from './quickstart/cluster';
import { FAULTS, prepareFault, type FaultName } from './quickstart/faults';
import { ensureBuild } from './quickstart/fresh-build';
import { endProcess, guardAgainstOwnDeath, hasEnded } from './quickstart/processes';
import type { LoadLine } from './quickstart/load-lines';
import { Story } from './quickstart/story';
import { storyText, verdictTable } from './quickstart/summary';
import { verdictOf, type Verdict } from './quickstart/verdict';

interface Flags {
  readonly json: boolean;
  readonly keep: boolean;
  readonly fault: FaultName;
  readonly seconds: number;
}

const ROOT = resolve(__dirname, '..');
const SERVICE = 'calculator';
const ALL_PASSING_MS = 20_000;
const FIRST_ANSWERS_MS = 20_000;
const STORY_MS = 40_000;
/** Time for the last calls to show that all is well again. */
const EPILOGUE_MS = 1_500;

function parseFlags(argv: readonly string[]): Flags {
  const seconds = (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 4 && value <= 3_600) return value;
    throw new InvalidArgumentError('It must be a whole number from 4 to 3600.');
  };
  return new Command('npm start --')
    .description('Three Calculators, a real Consul, a fault in the primary: watch its calls move and come back.')
    .addOption(new Option('--fault <kind>', 'what happens to the primary').choices(FAULTS).default('kill'))
    .option('--seconds <n>', 'how long the load runs at least; the fault comes after a quarter of it', seconds, 12)
    .option('--json', 'print one JSON object at the end, and nothing else', false)
    .option('--keep', 'leave everything running until Ctrl-C', false)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

class Quickstart {
  private readonly interrupted = new AbortController();

  constructor(
    private readonly flags: Flags,
    private readonly cleanup: Cleanup,
  ) {}

  interrupt(): void {
    this.interrupted.abort(new Error('interrupted'));
  }

  async run(): Promise<Verdict & { readonly consul: string }> {
    ensureBuild(ROOT, (line) => this.say(line));
    const consul = await this.startConsul();
    const folder = await mkdtemp(join(tmpdir(), 'understudy-quickstart-'));
    this.cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const nodes = await this.startNodes(folder, consul);
    const primary = nodes[0];
    if (primary === undefined) throw new Error('no node was started');
    const told = new Told();
    const story = new Story(primary.id, (line) => this.say(storyText(line)));
    await this.watchUntilAllPass(consul, nodes, story, told);
    const load = await this.startLoad(folder, consul, story, told);

    await this.within(
      FIRST_ANSWERS_MS,
      told.until(() => story.primaryAnswers),
    );
    if (!story.primaryAnswers) throw new Error(`the load got no answer from ${primary.id}:\n${await tails(nodes)}`);
    await this.pause((this.flags.seconds * 1_000) / 4);
    const fault = await prepareFault(this.flags.fault, primary);
    story.faultAt(Date.now(), fault.what);
    await fault.strike();
    await Promise.all([
      this.within(
        STORY_MS,
        told.until(() => story.complete),
      ),
      this.pause((this.flags.seconds * 3_000) / 4),
    ]);
    await this.pause(EPILOGUE_MS);

    const report = await this.reportOf(load);
    const verdict = verdictOf({
      report,
      lostCalls: story.lostCalls,
      executed: nodes.flatMap((node) => readLedger(node.ledger).entries.map((entry) => entry.id)),
      acknowledged: readFileSync(join(folder, 'acknowledged'), 'utf8')
        .split('\n')
        .filter((id) => id !== ''),
      moments: story.moments,
      failoverGapMs: story.longestPauseMs(story.moments.fault, (story.moments.failback ?? Infinity) - 1),
      failbackGapMs: story.longestPauseMs(story.moments.failback, Infinity),
    });
    await this.show(verdict, nodes);
    if (this.flags.keep) await this.keepRunning(consul, nodes);
    return { ...verdict, consul: consul.version };
  }

  private say(line: string): void {
    if (!this.flags.json) process.stdout.write(`${line}\n`);
  }

  private async startConsul(): Promise<ConsulProcess> {
    const binary = await findConsul({ say: (line) => this.say(line) });
    this.interrupted.signal.throwIfAborted();
    const consul = await startDevConsul({ binary, ui: true });
    this.cleanup.add(() => consul.stop());
    this.say(`Consul ${consul.version} (${binary.source}); its web UI: ${pc.bold(`http://${consul.address}/ui`)}`);
    return consul;
  }

  private async startNodes(folder: string, consul: ConsulProcess): Promise<readonly Node[]> {
    const nodes = await startCluster({ folder, consulAddress: consul.address, root: ROOT, size: 3 });
    const agents = nodes.map((node) => node.agent);
    const standDown = guardAgainstOwnDeath(agents, folder);
    this.cleanup.add(async () => {
      await Promise.all(agents.map((agent) => endProcess(agent, 8_000)));
      standDown();
    });
    return nodes;
  }

  private async watchUntilAllPass(
    consul: ConsulProcess,
    nodes: readonly Node[],
    story: Story,
    told: Told,
  ): Promise<void> {
    const registry = openRegistry({ address: consul.address }, {});
    const watch = new AbortController();
    this.cleanup.add(async () => {
      watch.abort();
      await registry.close();
    });
    const passing = new Set<string>();
    const take = (event: CatalogEvent): void => {
      story.takeCatalog(event, Date.now());
      if (event.type === 'snapshot') {
        passing.clear();
        for (const one of event.snapshot.instances) if (one.health === 'passing') passing.add(one.id);
      }
      told.something();
    };
    void registry.watch({ service: SERVICE }, take, watch.signal);
    for (const { agent } of nodes) agent.once('exit', () => told.something());
    const ready = told.until(() => passing.size === nodes.length || nodes.some((node) => hasEnded(node.agent)));
    await this.within(ALL_PASSING_MS, ready);
    if (passing.size < nodes.length) throw new Error(`not all servers came up:\n${await tails(nodes)}`);
  }

  private async startLoad(folder: string, consul: ConsulProcess, story: Story, told: Told): Promise<ChildProcess> {
    const args = ['--target', `consul://${consul.address}/${SERVICE}`, '--acknowledged', join(folder, 'acknowledged')];
    const load = fork(join(ROOT, 'dist/calculator/load-main.js'), args, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    });
    this.cleanup.add(() => endProcess(load, 3_000));
    this.say('load: 200 calls/s, one in four a MemoryAdd, which must never be sent twice');
    if (load.stdout !== null) {
      createInterface({ input: load.stdout }).on('line', (line) => {
        story.takeLoad(JSON.parse(line) as LoadLine);
        told.something();
      });
    }
    await Promise.race([once(load, 'spawn'), this.aborted()]);
    return load;
  }

  private async reportOf(load: ChildProcess): Promise<LoadReport> {
    if (hasEnded(load)) throw new Error('the load ended before its time');
    load.send('report');
    const [report] = (await Promise.race([once(load, 'message'), this.aborted()])) as [LoadReport];
    return report;
  }

  private async show(verdict: Verdict, nodes: readonly Node[]): Promise<void> {
    this.say(`\n${verdictTable(verdict)}`);
    for (const fault of verdict.faults) this.say(pc.red(`✗ ${fault}`));
    if (verdict.faults.length === 0) this.say(pc.green('✓ no safe call was lost, and none was executed twice'));
    else this.say(pc.dim(await tails(nodes)));
  }

  private async keepRunning(consul: ConsulProcess, nodes: readonly Node[]): Promise<void> {
    this.say(`\nEverything keeps running until Ctrl-C. Web UI: http://${consul.address}/ui`);
    this.say(`Try: CONSUL_HTTP_ADDR=${consul.address} npx understudy status ${SERVICE}`);
    for (const node of nodes)
      this.say(`  ${node.id}: server pid ${await node.serverPid()}, agent pid ${node.agent.pid ?? '?'}`);
    await this.aborted().catch(() => undefined);
  }

  private pause(ms: number): Promise<void> {
    return this.within(ms, new Promise(() => undefined));
  }

  /** Waits for `event`, at most `ms`; rejects at once when interrupted. */
  private async within(ms: number, event: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([event, timeUp, this.aborted()]).finally(() => clearTimeout(timer));
  }

  private aborted(): Promise<never> {
    const { signal } = this.interrupted;
    return new Promise((_resolve, reject) => {
      const fail = (): void => reject(signal.reason as Error);
      if (signal.aborted) fail();
      else signal.addEventListener('abort', fail, { once: true });
    });
  }
}

/** Lets a wait look again whenever something was told. */
class Told {
  private readonly waiting = new Set<() => void>();

  something(): void {
    for (const look of this.waiting) look();
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }
}

async function tails(nodes: readonly Node[]): Promise<string> {
  const logs = await Promise.all(
    nodes.map(
      async (node) =>
        `${node.id}, the end of its agent's log:\n${(await readFile(node.agentLog, 'utf8')).trim().split('\n').slice(-8).join('\n')}`,
    ),
  );
  return logs.join('\n');
}

async function main(): Promise<number> {
  const cleanup = new Cleanup();
  let flags: Flags;
  try {
    flags = parseFlags(process.argv);
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  const quickstart = new Quickstart(flags, cleanup);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => quickstart.interrupt());
  try {
    const result = await quickstart.run();
    await cleanup.run();
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok ? 0 : 1;
  } catch (error) {
    await cleanup.run();
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    return error instanceof ConsulNotFoundError ? 2 : message === 'interrupted' ? 130 : 1;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
