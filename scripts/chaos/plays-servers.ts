/** What is done to servers. Each play strikes, and resolves when the harm is over; it judges nothing. */
import { createServer, type Socket } from 'node:net';
import { SIZE, type Scene } from './scene';
import { until } from './until';

const SLOW_MS = 300;
const LATER_MS = 40_000;

export async function kill(scene: Scene): Promise<void> {
  scene.strike();
  await scene.node(0).signal('SIGKILL');
  await scene.primaryIsLeft();
}

export async function stop(scene: Scene): Promise<void> {
  scene.strike();
  await scene.node(0).signal('SIGSTOP');
  await scene.primaryIsLeft();
}

export async function drain(scene: Scene): Promise<void> {
  scene.strike();
  await scene.node(0).signal('SIGTERM');
  await scene.primaryIsLeft();
}

export async function halfDead(scene: Scene): Promise<void> {
  const node = scene.byHand(0);
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  const end = async (): Promise<void> => {
    const closed = new Promise((resolve) => mute.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  scene.onEnd(end);
  scene.strike();
  await node.signal('SIGKILL');
  await node.exited();
  await new Promise<void>((resolve) => mute.listen(node.plan.port, '127.0.0.1', resolve));
  await scene.primaryIsLeft();
  await scene.lasts(5_000);
  await end();
  await node.startServer();
  scene.heal();
}

export async function slow(scene: Scene): Promise<void> {
  scene.strike();
  await scene.node(0).setFault({ kind: 'SLOW', delayMs: SLOW_MS });
  await scene.lasts(8_000);
  await scene.node(0).setFault({ kind: 'NONE' });
  scene.heal();
}

export async function flap(scene: Scene): Promise<void> {
  const node = scene.kept(0);
  scene.strike();
  for (let times = 1; times <= 3; times += 1) {
    const before = await node.serverPid();
    process.kill(before, 'SIGKILL');
    await until(async () => (await node.serverPid()) !== before, { what: 'a new server', timeoutMs: LATER_MS });
    await until(async () => (await scene.healthOf(0)) === 'passing', { what: 'it to pass', timeoutMs: LATER_MS });
    await scene.lasts(1_000);
  }
  scene.heal();
}

export async function rollingRestart(scene: Scene): Promise<void> {
  scene.strike();
  for (let tier = 0; tier < SIZE; tier += 1) {
    const node = scene.kept(tier);
    const before = await node.serverPid();
    process.kill(before, 'SIGTERM');
    await until(async () => (await node.serverPid()) !== before, { what: 'a new server', timeoutMs: LATER_MS });
    await until(() => scene.allPassing(), { what: 'all to pass again', timeoutMs: LATER_MS });
  }
  scene.heal();
}
