/**
 * Turns signals to the agent into calls. Every catchable signal that would end the process is caught, so that no way out
 * leaves a server behind.
 */
import { constants } from 'node:os';
import type { Agent } from './agent';
import { DRAINING } from './membership-loop';

const ENDING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const PASSED_ON = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Listens until the returned function is called. `onEnd` hears of an end before the agent does. */
export function listenToSignals(agent: Pick<Agent, 'stop' | 'signal'>, onEnd: () => void): () => void {
  const end = (name: (typeof ENDING)[number]): void => {
    onEnd();
    agent.stop(`${DRAINING}the agent received ${name}`, 0, 128 + constants.signals[name]);
  };
  const listeners = [
    ...ENDING.map((name) => [name, () => end(name)] as const),
    ...PASSED_ON.map((name) => [name, () => agent.signal(name)] as const),
  ];
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.removeListener(name, listener);
  };
}
