/** What is done to agents, whose servers are well. Each play resolves when the harm is over; it judges nothing. */
import type { Scene } from './scene';
import { until } from './until';

const PAUSE_MS = 10_000;
const TTL_PATIENCE_MS = 40_000;

export async function kill(scene: Scene): Promise<void> {
  const node = scene.kept(0);
  scene.strike();
  node.agent.signal('SIGKILL');
  await node.agent.exited;
  await until(async () => (await scene.healthOf(0)) === 'critical', { what: 'the TTL', timeoutMs: TTL_PATIENCE_MS });
  await scene.callsGoOn(200);
  node.killOrphans();
  node.startAgent();
  scene.heal();
}

export async function pause(scene: Scene): Promise<void> {
  const { agent } = scene.kept(0);
  scene.strike();
  agent.signal('SIGSTOP');
  await scene.lasts(PAUSE_MS);
  agent.signal('SIGCONT');
  scene.heal();
}

export async function killInRecovery(scene: Scene): Promise<void> {
  const node = scene.kept(0);
  const { agent } = node;
  scene.strike();
  await node.signal('SIGKILL');
  await agent.serverPid(2);
  agent.signal('SIGKILL');
  await agent.exited;
  await scene.lasts(1_000);
  node.killOrphans();
  node.startAgent();
  scene.heal();
}
