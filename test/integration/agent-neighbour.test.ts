/** Real processes, as an agent beside a server finds and signals them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processesMatching } from '../../agent/neighbour-process';
import { until } from '../../scripts/chaos/until';

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

async function server(name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000); console.log("up")', name], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

function uniqueName(): string {
  return `neighbour-${process.pid}-${process.hrtime.bigint()}`;
}

it('finds a server by its command line, and every one that looks like it', async () => {
  const name = uniqueName();
  const processes = processesMatching(name);
  expect(processes.find()).toEqual([]);
  const first = await server(name);
  expect(processes.find().map(({ pid }) => pid)).toEqual([first.pid]);
  await server(name);
  expect(processes.find()).toHaveLength(2);
});

it('never finds itself or its parent', () => {
  const own = [process.pid, process.ppid, 1];
  const found = processesMatching('').find();
  expect(found.filter(({ pid }) => own.includes(pid))).toEqual([]);
});

it('ends a server that was stopped in its tracks', async () => {
  const name = uniqueName();
  const processes = processesMatching(name);
  const child = await server(name);
  const ended = once(child, 'exit');
  child.kill('SIGSTOP');
  const [found] = processes.find();
  expect(found).toBeDefined();
  expect(processes.signal(found!, 'SIGKILL')).toBeUndefined();
  await ended;
  await until(() => !processes.isAlive(found!), { what: 'the process to be gone' });
});

it('does not signal a process that only has the id of the one it knew', async () => {
  const name = uniqueName();
  const child = await server(name);
  const [found] = processesMatching(name).find();
  expect(processesMatching(name).signal({ ...found!, startedAt: '1' }, 'SIGKILL')).toBeUndefined();
  expect(processesMatching(name).isAlive(found!)).toBe(true);
  expect(child.signalCode).toBeNull();
});
