/** What a machine may run out of, and a clock that is wrong. Each play resolves when the harm is over. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add } from './calls';
import type { Scene } from './scene';
import { until } from './until';

const LASTS_MS = 8_000;
const LATER_MS = 40_000;
const HOUR_MS = 3_600_000;

export function noSmallDisk(): string | null {
  if (process.getuid?.() !== 0) return 'it takes root to mount a small disk';
  const folder = mkdtempSync(join(tmpdir(), 'understudy-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return null;
  } catch {
    return 'this machine does not let us mount a small disk';
  } finally {
    rmdirSync(folder);
  }
}

/** Journal and ledger of the primary cannot grow, and then its server dies too. */
export async function diskFull(scene: Scene): Promise<void> {
  const node = scene.kept(0);
  const filler = join(node.plan.folder, 'filler');
  const before = await node.serverPid();
  scene.strike();
  fill(filler);
  await scene.lasts(LASTS_MS / 2);
  process.kill(before, 'SIGKILL');
  await until(async () => (await node.serverPid()) !== before, { what: 'a new server', timeoutMs: LATER_MS });
  await scene.lasts(LASTS_MS / 2);
  rmSync(filler);
  scene.heal();
}

function fill(file: string): void {
  for (const bytes of [65_536, 1_024, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

export function noPrlimit(): string | null {
  return existsSync('/usr/bin/prlimit') ? null : 'there is no prlimit (util-linux) on this machine';
}

/** The primary cannot open anything more, and its connections break: nobody can connect again. */
export async function noDescriptors(scene: Scene): Promise<void> {
  const node = scene.byHand(0);
  const limit = (count: number, pid: number): void =>
    void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);
  const pid = await node.serverPid();
  scene.strike();
  limit(3, pid);
  node.line.breakConnections();
  await scene.primaryIsLeft();
  await scene.lasts(LASTS_MS);
  limit(1_024, pid);
  scene.heal();
}

/** The agent of the primary, and its server, are started again an hour in the past; later the server is killed. */
export async function clockOff(scene: Scene): Promise<void> {
  const node = scene.kept(0);
  const preload = join(__dirname, 'shifted-clock.cjs');
  scene.strike();
  await node.agent.stop();
  node.startAgent({ NODE_OPTIONS: `--require=${JSON.stringify(preload)}`, CLOCK_SHIFT_MS: String(-HOUR_MS) });
  await node.serverPid();
  await until(async () => scene.primaryAnswers() && (await scene.allPassing()), {
    what: 'the primary to be back with its wrong clock',
    timeoutMs: LATER_MS,
  });
  await node.signal('SIGKILL');
  await scene.primaryIsLeft();
  scene.heal();
}

const AT_ONCE = 16;
const TURN_MS = 20;
const RUNS_MS = 4;

/**
 * Overload is a matter of what one server can do, which is measured first. It gets a fifth of a core, by stopping and
 * continuing it, so that twice as much is no more than one caller can ask for.
 */
export async function overload(scene: Scene): Promise<void> {
  const node = scene.byHand(0);
  const port = node.plan.port;
  const turns = setInterval(() => {
    void node.signal('SIGCONT');
    setTimeout(() => void node.signal('SIGSTOP'), RUNS_MS);
  }, TURN_MS);
  const stop = (): void => clearInterval(turns);
  scene.onEnd(stop);
  const perSecond = await capacity(scene, port);
  scene.strike();
  await scene.flood(2 * perSecond, LASTS_MS);
  stop();
  await scene.lasts(2 * TURN_MS);
  await node.signal('SIGCONT');
  scene.heal();
}

async function capacity(scene: Scene, port: number): Promise<number> {
  const client = scene.directClient(port);
  const endMs = performance.now() + 2_000;
  let answers = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await add(client);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  client.close();
  return answers / 2;
}
