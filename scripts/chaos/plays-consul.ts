/** What is done to Consul, or to the ways there, while all servers are well. Each play resolves when the harm is over. */
import type { Scene } from './scene';

/** Longer than the 10 s TTL of the agents' checks. */
const AWAY_MS = 15_000;

export async function leaderKill(scene: Scene): Promise<void> {
  scene.strike();
  const startAgain = await scene.cluster.killLeader();
  await scene.lasts(AWAY_MS);
  await startAgain();
  scene.heal();
}

export async function quorumLoss(scene: Scene): Promise<void> {
  scene.strike();
  await scene.cluster.killServers(2);
  await scene.lasts(AWAY_MS);
  await scene.cluster.startAll();
  scene.heal();
}

export async function allDown(scene: Scene): Promise<void> {
  scene.strike();
  await scene.cluster.killAll();
  await scene.lasts(AWAY_MS);
  await scene.cluster.startAll();
  scene.heal();
}

export async function wiped(scene: Scene): Promise<void> {
  scene.strike();
  await scene.cluster.killAll();
  await scene.cluster.wipe();
  await scene.cluster.startAll();
  scene.heal();
}

export async function callerCutOff(scene: Scene): Promise<void> {
  scene.strike();
  scene.callersConsul.lose(true);
  await scene.lasts(AWAY_MS);
  scene.callersConsul.lose(false);
  scene.heal();
}
