/**
 * What is done to the line between the caller and the primary, whose server is well and passing in the catalog. Each play
 * resolves when the harm is over.
 */
import { randomFrom } from './random-from';
import type { Scene } from './scene';

const ROUND_TRIP_MS = 200;
const LOST = 0.05;
const LASTS_MS = 8_000;

export async function cutOff(scene: Scene): Promise<void> {
  const { line } = scene.byHand(0);
  scene.strike();
  line.lose(true);
  await scene.primaryIsLeft();
  await scene.lasts(LASTS_MS);
  line.lose(false);
  scene.heal();
}

export async function latency(scene: Scene): Promise<void> {
  const { line } = scene.byHand(0);
  scene.strike();
  line.delay(ROUND_TRIP_MS / 2);
  await scene.lasts(LASTS_MS);
  line.delay(0);
  scene.heal();
}

export async function resets(scene: Scene): Promise<void> {
  const { line } = scene.byHand(0);
  const random = randomFrom(1);
  scene.strike();
  line.resetWhen(() => random() < LOST);
  await scene.lasts(LASTS_MS);
  line.resetWhen(() => false);
  scene.heal();
}
