/**
 * The rung `child`: has the server of this agent stopped and started again. How that goes on is the affair of the
 * supervision, which has its own bounds; so it always ends well, and at once.
 */
import type { RungConfig } from '../service-config';
import type { Hook } from './hook';

export function childHook({ type, timeoutMs }: RungConfig, startAgain: (reason: string) => void): Hook {
  return {
    type,
    what: 'stop the server and start it again',
    timeoutMs,
    run: ({ reason }) => {
      startAgain(reason);
      return Promise.resolve({ ok: true, how: 'the server is being stopped and started again' });
    },
  };
}
