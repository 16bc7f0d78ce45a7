/** An agent beside a server that it did not start. */
import { Neighbour } from '../../../agent/neighbour';
import type { NeighbourProcess, NeighbourProcesses } from '../../../agent/ports';
import { VirtualClock } from '../../support/virtual-clock';
import { serviceConfig } from './bench';

/** Processes that a test holds in its hand. */
class World implements NeighbourProcesses {
  alive: NeighbourProcess[] = [{ pid: 7, startedAt: '100' }];
  searches = 0;
  readonly signals: string[] = [];
  refusal: string | undefined;

  find(): readonly NeighbourProcess[] {
    this.searches += 1;
    return this.alive;
  }

  isAlive({ startedAt }: NeighbourProcess): boolean {
    return this.alive.some((one) => one.startedAt === startedAt);
  }

  signal({ pid }: NeighbourProcess, name: NodeJS.Signals): string | undefined {
    this.signals.push(`${name} to ${pid}`);
    return this.refusal;
  }
}

function beside(world: World) {
  const clock = new VirtualClock();
  const said: string[] = [];
  let gone = 0;
  const neighbour = new Neighbour(
    serviceConfig().restart,
    { processes: world, clock, mayAct: () => true },
    { onStep: (_phase, reason) => void said.push(reason), onGone: () => void (gone += 1) },
  );
  return { clock, said, neighbour, gone: () => gone };
}

it('searches once, and then looks only at the process that it knows', () => {
  const world = new World();
  const { neighbour } = beside(world);
  for (let probe = 0; probe < 10; probe++) neighbour.healthy();
  expect(world.searches).toBe(1);
});

it('signals a hung server, kills it in time, and tells when it is gone', async () => {
  const world = new World();
  const { clock, neighbour, gone } = beside(world);
  neighbour.healthy();
  neighbour.unhealthy('no answer');
  expect(world.signals).toEqual(['SIGTERM to 7']);
  await clock.advanceAsync(3000);
  expect(world.signals).toEqual(['SIGTERM to 7', 'SIGKILL to 7']);
  expect(gone()).toBe(0);
  world.alive = [];
  await clock.advanceAsync(100);
  expect(gone()).toBe(1);
});

it('never sends SIGKILL to the process that came in place of the one that was asked to end', async () => {
  const world = new World();
  const { clock, neighbour } = beside(world);
  neighbour.healthy();
  neighbour.unhealthy('no answer');
  world.alive = [{ pid: 9, startedAt: '200' }];
  neighbour.unhealthy('still no answer');
  await clock.advanceAsync(10_000);
  expect(world.signals).toEqual(['SIGTERM to 7']);
});

it('gives a process that it has not seen well the time to start', async () => {
  const world = new World();
  const { clock, neighbour } = beside(world);
  neighbour.unhealthy('refused');
  await clock.advanceAsync(29_999);
  neighbour.unhealthy('refused');
  expect(world.signals).toEqual([]);
  await clock.advanceAsync(1);
  neighbour.unhealthy('refused');
  expect(world.signals).toEqual(['SIGTERM to 7']);
  neighbour.stop();
});

it('says the same words once, and has nothing to say of a server that is well', () => {
  const world = new World();
  const { neighbour, said } = beside(world);
  world.alive = [];
  for (let probe = 0; probe < 5; probe++) neighbour.unhealthy('refused');
  expect(said).toEqual(['there is no server process; whoever runs it starts it again']);
  expect(neighbour.note).toBe(said[0]);
  neighbour.healthy();
  expect(neighbour.note).toBe('');
});

it('tells why it may not signal', () => {
  const world = new World();
  world.refusal = 'process 7 may not be signalled: it belongs to another user';
  const { neighbour } = beside(world);
  neighbour.healthy();
  neighbour.unhealthy('no answer');
  expect(neighbour.note).toBe(`the server cannot be told to end: ${world.refusal}`);
  neighbour.stop();
});

it('does nothing any more once it was stopped', async () => {
  const world = new World();
  const { clock, neighbour } = beside(world);
  neighbour.healthy();
  neighbour.unhealthy('no answer');
  neighbour.stop();
  neighbour.stop();
  await clock.advanceAsync(10_000);
  neighbour.unhealthy('no answer');
  expect(world.signals).toEqual(['SIGTERM to 7']);
});
