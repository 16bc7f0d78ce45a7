/** The agent is killed after it started a program and before it could note which process that is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HookNotes } from '../../agent/hook-notes';
import { ServerNote } from '../../agent/server-note';
import { until } from '../../scripts/chaos/until';
import { processesWith } from '../support/processes';

jest.setTimeout(60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-at-start-'));
});
afterEach(async () => {
  for (const pid of left()) process.kill(pid, 'SIGKILL');
  await until(() => left().length === 0, { what: 'everybody to be gone' });
  rmSync(folder, { recursive: true });
});

const note = (): string => join(folder, 'note.json');
/** A program that starts another: only the first one is what the agent started. */
const PROGRAM = `if (process.argv[2] === 'first') require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)', process.argv[1], 'second']); setInterval(() => 0, 1e6);`;
const left = (): readonly number[] => [...processesWith(`${folder}\0first`), ...processesWith(`${folder}\0second`)];

/** @returns the process that the dead agent left */
async function agentDiesStarting(kind: 'hook' | 'server'): Promise<number> {
  const script = ['-r', 'ts-node/register/transpile-only', join(__dirname, '../support/killed-at-start-script.ts')];
  const program = [process.execPath, '-e', PROGRAM, folder, 'first'];
  const agent = spawn(process.execPath, [...script, note(), kind, ...program], { stdio: 'ignore' });
  expect(await once(agent, 'exit')).toEqual([null, 'SIGKILL']);
  await until(() => left().length === 2, { what: 'the program and its child to run' });
  return processesWith(`${folder}\0first`)[0] ?? 0;
}

it('ends the hook that it had just begun, and what that had started', async () => {
  const hook = await agentDiesStarting('hook');
  expect(new HookNotes(note()).endLeft()).toEqual([hook]);
  await until(() => left().length === 0, { what: 'the hook to be gone' });
});

it('finds the server that it had just started', async () => {
  const server = await agentDiesStarting('server');
  expect(new ServerNote(note()).read()).toMatchObject({ server: { pid: server } });
});
