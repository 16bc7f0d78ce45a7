/** The Compose cluster as a user meets it: in the browser, and in the drill. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { Cluster } from '../../scripts/compose/cluster';
import { docker } from '../../scripts/compose/docker';
import { STEPS, type StepFigures } from '../../scripts/compose/limits';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { CHROMIUM, itWithBrowser, itWithEngine } from '../support/engine';
import { until } from '../../scripts/chaos/until';

// A first build downloads packages; the drill waits for what Consul's gossip and our hold-downs take.
jest.setTimeout(600_000);

const ROOT = join(__dirname, '..', '..');
const WAIT_MS = 60_000;
/** The others are played on processes by the chaos tests. */
const PLAYED = LONG_CHAOS ? STEPS : STEPS.filter((step) => ['kill', 'disconnect', 'all-servers'].includes(step));

/** Everything that Compose made under a project's name. */
async function leftOf(project: string): Promise<string> {
  const label = `label=com.docker.compose.project=${project}`;
  const lists = [
    ['ps', '--all'],
    ['network', 'ls'],
    ['volume', 'ls'],
  ].map((list) => docker([...list, '--quiet', '--filter', label]));
  return (await Promise.all(lists)).join('').trim();
}

describe("Consul's UI of the running cluster", () => {
  const cleanup: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo();
  });

  async function openCluster(): Promise<{ cluster: Cluster; page: Page }> {
    const cluster = await Cluster.prepare();
    cleanup.push(() => cluster.down());
    await cluster.up();
    const browser = await openBrowser();
    cleanup.push(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1040, height: 560 } });
    page.setDefaultTimeout(WAIT_MS);
    return { cluster, page };
  }

  function openBrowser(): Promise<Browser> {
    const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
    const args = ['--no-sandbox', ...quiet, '--disable-component-update', '--disable-sync'];
    return chromium.launch({ executablePath: CHROMIUM, args });
  }

  /** The list entry of one instance; it follows Consul by itself. */
  function instance(page: Page, number: number): Locator {
    return page.locator('li').filter({ hasText: `calculator-${number}:50051` });
  }

  async function see(where: Locator, text: string | RegExp): Promise<void> {
    await where.filter({ hasText: text }).first().waitFor();
  }

  /** Keeps a picture for the documents, when it is asked for. */
  async function picture(page: Page, name: string): Promise<void> {
    const folder = process.env['UNDERSTUDY_SCREENSHOTS'] ?? '';
    if (folder !== '') await page.screenshot({ path: join(ROOT, folder, `${name}.png`) });
  }

  itWithBrowser()('shows primary and backups, their states and the reasons, before and after a death', async () => {
    const { cluster, page } = await openCluster();

    await page.goto(`${cluster.ui}/ui`);
    await page.getByText('calculator', { exact: true }).first().click();
    const roles = ['primary', 'backup', 'backup'];
    for (const [tier, role] of roles.entries()) {
      const entry = instance(page, tier + 1);
      await see(entry, role);
      await see(entry, `tier-${tier}`);
      await see(entry, 'All service checks passing');
    }
    await picture(page, 'compose-all-passing');

    // Compose counts this as a stop by hand: the server stays dead for as long as one wants to look.
    await cluster.compose('kill', 'calculator-1');
    await see(instance(page, 1), 'All service checks failing');
    await see(instance(page, 2), 'All service checks passing');
    await see(instance(page, 3), 'All service checks passing');
    await picture(page, 'compose-primary-dead');

    await page.locator('a[href$="/node-1/calculator-1"]').first().click();
    await see(page.locator('body'), 'calculator-1: primary, tier 0');
    await see(page.locator('body'), /2 of the last [23] probes failed: cannot reach it: ECONNREFUSED/);
    await picture(page, 'compose-reason');

    await cluster.compose('start', 'calculator-1');
    await see(page.locator('body'), '2 probes passed in a row: SERVING');
    await page.goto(`${cluster.ui}/ui/dc1/services/calculator/instances`);
    await see(instance(page, 1), 'All service checks passing');

    await cluster.down();
    expect(await leftOf(cluster.project)).toBe('');
  });
});

describe('the compose drill', () => {
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    }
  });

  function startDrill(...flags: readonly string[]) {
    const args = ['-r', 'ts-node/register/transpile-only', 'scripts/compose-drill.ts', ...flags];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const output = { all: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output.all += String(data)));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { child, project: `understudy-drill-${child.pid ?? 0}`, output, ended };
  }

  itWithEngine()('costs no safe call where none may be lost, repeats none, and leaves nothing behind', async () => {
    const drill = startDrill('--json', '--steps', ...PLAYED);
    const code = await drill.ended;
    const { faults, steps } = JSON.parse(drill.output.all.trim().split('\n').at(-1) ?? '') as {
      readonly faults: readonly string[];
      readonly steps: readonly StepFigures[];
    };
    process.stdout.write(`${steps.map((step) => JSON.stringify(step)).join('\n')}\n`);
    expect(faults).toEqual([]);
    expect(steps.map(({ step }) => step)).toEqual(PLAYED);
    expect(code).toBe(0);
    expect(await leftOf(drill.project)).toBe('');
  });

  itWithEngine()('leaves nothing behind when it is interrupted while the cluster comes up', async () => {
    const drill = startDrill('--steps', 'kill');
    const begun = async (): Promise<boolean> => drill.child.exitCode !== null || (await leftOf(drill.project)) !== '';
    await until(begun, { what: 'the first container', timeoutMs: 300_000 });
    drill.child.kill('SIGINT');
    expect(await drill.ended).toBe(130);
    expect(await leftOf(drill.project)).toBe('');
  });
});
