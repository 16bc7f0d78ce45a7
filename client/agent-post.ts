/**
 * Sends one message to the admin API of an agent. It keeps no process alive, waits two seconds at most and never throws:
 * whoever asks an agent for something goes on without it.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../core/time/clock';

export interface AgentAddress {
  /** The agent's admin API, `http://127.0.0.1:7780`. */
  readonly url: string;
  /** '' for none. */
  readonly token: string;
}

const SEND_MS = 2000;

/** @returns the status of the answer; 0: nobody knows whether it arrived */
export function postToAgent({ url, token }: AgentAddress, path: string, body: object, clock: Clock): Promise<number> {
  const text = JSON.stringify(body);
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...(token !== '' && { authorization: `Bearer ${token}` }),
  };
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(new URL(path, url), { method: 'POST', headers, agent: false });
    const end = (status: number): void => {
      cancel();
      request.destroy();
      resolve(status);
    };
    const cancel = clock.after(SEND_MS, () => end(0));
    request.on('socket', (socket) => socket.unref());
    request.on('error', () => end(0));
    request.on('response', ({ statusCode = 500 }) => end(statusCode));
    request.end(text);
  });
}
