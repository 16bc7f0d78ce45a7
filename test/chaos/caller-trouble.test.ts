/** The caller itself is in trouble: it must not take that for the death of its servers. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { Stage } from '../support/chaos/stage';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(60_000);

/** Twice the silence that a caller who does not doubt himself takes for death. */
const HEARTBEAT_MS = 500;
const STALL_MS = 2 * HEARTBEAT_MS;

let consul: ConsulProcess;
let stage: Stage;

beforeAll(async () => {
  consul = await startConsul();
});
afterAll(() => consul.stop());
beforeEach(async () => {
  stage = new Stage(consul.address, 'tiers', { client: { heartbeatMinTimeoutMs: HEARTBEAT_MS } });
  await stage.begin();
});
afterEach(() => stage.end());

it('accuses nobody when its event loop stands still for a second, again and again', async () => {
  for (let stalls = 0; stalls < 4; stalls += 1) {
    const untilMs = Date.now() + STALL_MS;
    while (Date.now() < untilMs);
    await stage.callsGoOn(40);
  }
  expect(stage.reasons).toEqual([]);
});

/** A caller in a process of its own, which tells of its calls and failovers in JSON lines. */
class Caller {
  readonly failovers: string[] = [];
  calls = 0;
  failed = 0;
  private readonly child: ChildProcess;

  constructor(target: string) {
    const script = [
      '-r',
      'ts-node/register/transpile-only',
      join(__dirname, '../support/chaos/caller-script.ts'),
      target,
    ];
    this.child = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const { calls, failed, failover } = JSON.parse(line) as { calls: number; failed: number; failover?: string };
      this.calls = calls;
      this.failed = failed;
      if (failover !== undefined) this.failovers.push(failover);
    });
  }

  async callsGoOn(calls: number): Promise<void> {
    const goal = this.calls + calls;
    await until(() => this.calls >= goal, { what: `${calls} more calls`, timeoutMs: 20_000 });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await exited;
  }
}

it('accuses nobody, and loses no call, when it is paused as a whole', async () => {
  await stage.load.stop();
  const caller = new Caller(stage.target);
  try {
    await caller.callsGoOn(100);
    for (const pauseMs of [300, 1_000, 2_500]) {
      caller.signal('SIGSTOP');
      // The pause is what is tested.
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      caller.signal('SIGCONT');
      await caller.callsGoOn(100);
    }
    expect(caller.failovers).toEqual([]);
    expect(caller.failed).toBe(0);
  } finally {
    await caller.stop();
  }
});
