/** The report of a real service whose primary was killed under the calls of a real client. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { chromium } from 'playwright-core';
import { AGENT_SERVICE, hostPort } from '../../core/domain/instance';
import type { ServiceReport } from '../../core/measure/service-report';
import { registerUnderstudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCli, type CliEnd } from '../support/cli-process';
import { add } from '../support/client-bench';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { CHROMIUM, itWithBrowserAlone } from '../support/engine';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

const CALLS = 300;

let consul: ConsulProcess;
let folder: string;
let agents: readonly AgentProcess[];

beforeAll(async () => {
  consul = await startConsul();
  folder = mkdtempSync(join(tmpdir(), 'understudy-report-'));
  const ports = await freePorts(2);
  agents = ports.map((port, tier) => {
    const id = `calculator-${tier + 1}`;
    return startAgent({
      config: {
        ...{ agent: { id: `agent-${tier + 1}` }, registry: { address: consul.address }, journal: { folder } },
        admin: { listen: '127.0.0.1:0' },
        services: [
          {
            ...{ name: 'calculator', id, address: '127.0.0.1', port, tier, drain: { grace: 0 } },
            ...{ probe: PATIENT_PROBE, restart: { stableAfter: '1s' } },
          },
        ],
      },
      command: calculatorCommand('--port', String(port), '--instance', id, '--drain-grace-ms', '0'),
    });
  });
  await Promise.all(agents.map((agent, at) => agent.said(`calculator-${at + 1}: registered as passing`)));
  await callWhilePrimaryDies();
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  rmSync(folder, { recursive: true });
  await consul.stop();
});

async function callWhilePrimaryDies(): Promise<void> {
  const registry = openRegistry({ address: consul.address }, {});
  const agent = await until(
    async () =>
      (await registry.snapshot({ service: AGENT_SERVICE })).instances.find(({ health }) => health === 'passing'),
    { what: 'an agent to be found' },
  );
  await registry.close();
  const understudy = registerUnderstudy({
    ...{
      services: [calculatorService],
      reportTo: `http://${hostPort(agent)}`,
      reportEveryMs: 200,
      failbackHoldMs: 100,
    },
  });
  const failedBack = once(understudy.events, 'failback');
  const target = `consul://${consul.address}/calculator`;
  const client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  try {
    for (let call = 0; call < CALLS; call += 1) {
      if (call === CALLS / 2) process.kill(await agents[0]!.serverPid(), 'SIGKILL');
      await add(client);
    }
    await failedBack;
  } finally {
    client.close();
    await understudy.close();
  }
}

const run = (...args: readonly string[]): Promise<CliEnd> =>
  startCli(args, { CONSUL_HTTP_ADDR: consul.address }).exited;

const recovered = (): Promise<ServiceReport> =>
  until(
    async () => {
      const made = JSON.parse((await run('report', 'calculator', '--json')).stdout) as ServiceReport;
      return made.incidents.some(({ outcome }) => outcome === 'recovered') && made;
    },
    { what: 'the incident to be closed', timeoutMs: 30_000 },
  );

it('counts every call once, and what the death of the primary did to calls and instance', async () => {
  const made = await recovered();
  expect(made.calls).toMatchObject({ calls: CALLS, failuresSeen: 0, seen: { value: 0 } });
  expect(made.calls.attempts).toBeGreaterThanOrEqual(CALLS);
  expect(made).toMatchObject({ instances: 2, outages: 1, detect: { of: 1 }, recover: { of: 1 }, rejoin: { of: 1 } });
  expect(made).toMatchObject({ switch: { of: 1 }, failback: { of: 1 } });
  expect(made.failback?.max).toBeGreaterThanOrEqual(100);
  expect(made.mttrMs).toBe(made.rejoin?.max);
  expect(made.availability).toBeGreaterThan(0);
  expect(made.availability).toBeLessThan(1);
  const text = await run('report', 'calculator', '--since', '1h');
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^calls +300 +\d+ attempts$/m);
  expect(text.stdout).toMatch(/^seen by callers \/ calls +0\.0000 % +95 % sure: 0\.0000 % to 1\.\d+ %, of 300$/m);
  const add = made.byMethod.find(({ name }) => name === '/calculator.v1.Calculator/Add');
  expect(add).toMatchObject({ failure: { of: CALLS } });
  expect(made.byInstance.map(({ name }) => name)).toEqual(['calculator-1', 'calculator-2']);
  expect(made.byInstance.reduce((sum, { failure }) => sum + failure.of, 0)).toBe(made.calls.attempts);
  expect(text.stdout).toMatch(
    /^\/calculator\.v1\.Calculator\/Add +300 +\d+ +[\d.]+ % +[\d.]+ % \([\d.]+ % to [\d.]+ %\)$/m,
  );
  expect(text.stdout).toMatch(/^calculator-2 +\d+ +0 +0\.0000 % +100\.0000 %/m);
  expect(text.stdout).toMatch(/^time to rejoin +\S+ m?s +p95 .*, of 1$/m);
  expect(text.stdout).toMatch(/^time to switch +\S+ m?s +p95 .*, of 1$/m);
});

it('explains the incident with what the client knew and did beside the agent', async () => {
  const [incident] = (await recovered()).incidents;
  const story = await run('explain', incident!.id);
  expect(story).toMatchObject({ code: 0, stderr: '' });
  expect(story.stdout).toMatch(/ {2}child +detected +server ended: signal SIGKILL/);
  expect(story.stdout).toMatch(/ {2}client \S+:\d+:\S+ +ejected +calculator-1: .* \[\S+ ms after the first sign\]/);
  expect(story.stdout).toMatch(/ {2}client \S+ +failover +tier 0 to 1: tier 0 cannot answer: calculator-1: /);
  expect(story.stdout).toMatch(/ {2}client \S+ +failback +tier 1 to 0: .* \[\S+ m?s after it was fit again\]/);
  const told = JSON.parse((await run('explain', incident!.id, '--json')).stdout) as { moves: { kind: string }[] };
  expect(told.moves.map(({ kind }) => kind)).toEqual(['ejected', 'failover', 'returned', 'failback']);
});

it('tells a mistake with code 2', async () => {
  const [unknown, both] = await Promise.all([
    run('report', 'no-such'),
    run('report', 'calculator', '--json', '--html'),
  ]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('knows a service no-such') as string });
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be had together') as string });
});

itWithBrowserAlone()('is one page that a browser shows with its plot, and asks for nothing else', async () => {
  const file = join(folder, 'report.html');
  writeFileSync(file, (await run('report', 'calculator', '--html')).stdout);
  const quiet = ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...quiet] });
  try {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('request', (request) => troubles.push(request.url()));
    await page.goto(`file://${file}`);
    await page.locator('#plot canvas').waitFor();
    expect(await page.locator('h1').textContent()).toBe('Reliability of calculator');
    expect(await page.locator('td', { hasText: /^300$/ }).count()).toBe(2);
    expect(await page.locator('tr', { hasText: /^time to fail back/ }).textContent()).toContain('of 1');
    expect(await page.locator('td', { hasText: 'server ended: signal SIGKILL' }).count()).toBe(1);
    const drawn = await page.locator('#plot canvas').evaluate((canvas) => {
      const { width, height } = canvas as unknown as { width: number; height: number };
      return width * height;
    });
    expect(drawn).toBeGreaterThan(10_000);
    expect(troubles).toEqual([`file://${file}`]);
    const folderOfPictures = process.env['UNDERSTUDY_SCREENSHOTS'] ?? '';
    if (folderOfPictures !== '') await page.screenshot({ path: join(folderOfPictures, 'report.png'), fullPage: true });
  } finally {
    await browser.close();
  }
});
