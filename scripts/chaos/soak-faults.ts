/** What a soak does, one at a time, to a node that chance chooses. Each ends its harm itself. */
import type { Scene } from './scene';

export interface SoakFault {
  readonly name: string;
  /** Resolves when the harm is over; the cluster may still be recovering. */
  readonly strike: (scene: Scene, tier: number) => Promise<void>;
}

const SHORT_MS = 3_000;

const replacedAfter =
  (name: NodeJS.Signals) =>
  (scene: Scene, tier: number): Promise<void> =>
    scene.kept(tier).replacedAfter(name);

export const SOAK_FAULTS: readonly [SoakFault, ...SoakFault[]] = [
  { name: 'its server is killed', strike: replacedAfter('SIGKILL') },
  { name: 'its server is stopped', strike: replacedAfter('SIGSTOP') },
  { name: 'its server drains', strike: replacedAfter('SIGTERM') },
  {
    name: 'its server is slow',
    strike: async (scene, tier) => {
      await scene.node(tier).setFault({ kind: 'SLOW', delayMs: 200 });
      await scene.lasts(SHORT_MS);
      await scene.node(tier).setFault({ kind: 'NONE' });
    },
  },
  {
    name: 'its agent stands still for a while',
    strike: async (scene, tier) => {
      const { agent } = scene.kept(tier);
      agent.signal('SIGSTOP');
      await scene.lasts(SHORT_MS);
      agent.signal('SIGCONT');
    },
  },
  {
    name: 'its agent is killed, its server ended, and a new agent started',
    strike: async (scene, tier) => {
      const node = scene.kept(tier);
      node.agent.signal('SIGKILL');
      await node.agent.exited;
      node.killOrphans();
      node.startAgent();
    },
  },
  {
    name: 'Consul stands still for a while',
    strike: async (scene) => {
      scene.consul.pause();
      await scene.lasts(SHORT_MS);
      scene.consul.resume();
    },
  },
  { name: 'Consul is killed and comes back empty', strike: (scene) => scene.consul.restart() },
  {
    name: 'the caller hears nothing of Consul for a while',
    strike: async (scene) => {
      scene.callersConsul.lose(true);
      await scene.lasts(SHORT_MS);
      scene.callersConsul.lose(false);
    },
  },
];
