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

export interface AgentReply {
  /** 0: nobody knows whether the message arrived. */
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
}

const SEND_MS = 2000;
const LONGEST_REPLY = 10_000;

export function postToAgent(
  { url, token }: AgentAddress,
  path: string,
  body: object,
  clock: Clock,
): Promise<AgentReply> {
  const sent = JSON.stringify(body);
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) },
    ...(token !== '' && { authorization: `Bearer ${token}` }),
  };
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(new URL(path, url), { method: 'POST', headers, agent: false });
    const end = (status: number, text = ''): void => {
      cancel();
      request.destroy();
      resolve({ status, text });
    };
    const cancel = clock.after(SEND_MS, () => end(0));
    request.on('socket', (socket) => socket.unref());
    request.on('error', () => end(0));
    request.on('response', (response) => {
      const { statusCode = 500 } = response;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += String(chunk);
        if (text.length > LONGEST_REPLY) end(statusCode, text);
      });
      response.on('error', () => end(statusCode, text));
      response.on('end', () => end(statusCode, text));
    });
    request.end(sent);
  });
}
