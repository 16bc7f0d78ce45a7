/**
 * The environment that test files run in: a file fails when it leaves a socket, a server, a child process or a timer
 * behind that would keep Node alive, or a temporary file. What was open before the file started is not its fault. Closing
 * takes a moment, so only what stays open for a while counts.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { TestEnvironment } from 'jest-environment-node';

const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'UDPWrap', 'ProcessWrap', 'PipeServerWrap'];
const PATIENCE_MS = 3_000;
const LOOK_EVERY_MS = 20;

/** Node marks a timer that ran or was cleared; its types do not tell. */
type TrackedTimer = NodeJS.Timeout & { readonly _destroyed: boolean };

/** What of jest-circus's events is read here. */
interface TestEvent {
  readonly name: string;
  readonly test?: { readonly errors: readonly unknown[] };
}

class LeakGate extends TestEnvironment {
  private before: ReadonlyMap<string, number> = new Map();
  /** Of this file alone: other files have theirs at the same time. */
  private readonly temporary = mkdtempSync(join(tmpdir(), 'understudy-gate-'));
  /** Jest and its reporters arm timers too, so timers are followed one by one and not counted. */
  private timers: { readonly timer: TrackedTimer; readonly what: string }[] = [];
  /** A test that failed may leave things behind; its own error must not be hidden by ours. */
  private hasFailed = false;

  override async setup(): Promise<void> {
    await super.setup();
    this.before = openResources();
    this.lendFolder(this.temporary);
    this.global.setTimeout = this.followed(this.global.setTimeout, 'setTimeout');
    this.global.setInterval = this.followed(this.global.setInterval, 'setInterval');
  }

  handleTestEvent({ name, test }: TestEvent): void {
    if (name === 'test_done' && test !== undefined && test.errors.length > 0) this.hasFailed = true;
  }

  override async teardown(): Promise<void> {
    let left = this.leftovers();
    for (let waitedMs = 0; left.length > 0 && waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      left = this.leftovers();
    }
    this.timers = [];
    this.lendFolder(dirname(this.temporary));
    rmSync(this.temporary, { recursive: true, force: true });
    await super.teardown();
    if (left.length > 0 && !this.hasFailed) throw new Error(`the tests of this file left open: ${left.join(', ')}`);
  }

  /** The tests have an environment of their own, which their children get. */
  private lendFolder(folder: string): void {
    for (const env of [process.env, this.global.process.env]) env['TMPDIR'] = folder;
  }

  /** A proxy keeps what hangs on the function, such as its promise form. */
  private followed<F extends (...words: never[]) => NodeJS.Timeout>(arm: F, name: string): F {
    return new Proxy(arm, {
      apply: (target, self, words: readonly unknown[]) => {
        const timer = Reflect.apply(target, self, words as never[]) as TrackedTimer;
        if (this.timers.length % 1_000 === 999) this.timers = this.timers.filter(isRunning);
        this.timers.push({ timer, what: `${name} of ${inspect(words[1] ?? 0)} ms` });
        return timer;
      },
    });
  }

  private leftovers(): readonly string[] {
    const resources = [...openResources()]
      .map(([kind, count]) => ({ kind, extra: count - (this.before.get(kind) ?? 0) }))
      .filter(({ extra }) => extra > 0)
      .map(({ kind, extra }) => `${String(extra)} x ${kind}`);
    // Programs that tests start keep caches of their own in there.
    const files = readdirSync(this.temporary).filter((name) => name.startsWith('understudy'));
    return [...resources.sort(), ...this.timers.filter(isRunning).map(({ what }) => what), ...files];
  }
}

function isRunning({ timer }: { readonly timer: TrackedTimer }): boolean {
  return !timer._destroyed && timer.hasRef();
}

function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (KINDS.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

export = LeakGate;
