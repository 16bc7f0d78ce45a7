/**
 * Restarts a container through the Docker Engine's API on its Unix socket, without the docker command. Who may open that
 * socket may do anything on the machine; that is why it is named in the configuration and nowhere else.
 */
import { asError } from '../deadline';
import type { Hook } from './hook';
import { exchange } from './http-exchange';

export interface DockerOptions {
  /** Name or id. */
  readonly container: string;
  readonly socket: string;
  readonly timeoutMs: number;
}

/** From SIGTERM to SIGKILL of the container, seconds: the engine's own default. */
const STOP_S = 10;

export function dockerHook({ container, socket, timeoutMs }: DockerOptions): Hook {
  const what = `restart container ${container}`;
  return {
    type: 'docker',
    what,
    timeoutMs,
    async run(_context, signal) {
      const url = new URL(`http://docker/containers/${encodeURIComponent(container)}/restart?t=${STOP_S}`);
      try {
        const { status, body } = await exchange({ method: 'POST', socketPath: socket, url }, signal);
        if (status === 204) return { ok: true, how: `container ${container} was restarted` };
        const why = status === 404 ? 'there is no such container' : `the engine answered ${status}`;
        return { ok: false, how: `cannot ${what}: ${why}`, ...(body !== '' && { output: body }) };
      } catch (error) {
        return { ok: false, how: `cannot ${what}: ${socket} ${asError(error).message}` };
      }
    },
  };
}
