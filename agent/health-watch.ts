/**
 * Follows Health/Watch on a session of the probe, and says no more than that there is news: what the news is worth, a check
 * finds out. It asks once and never again, and ends quietly whatever the other side sends.
 */
import { constants, type ClientHttp2Session } from 'node:http2';
import { askHealth, servingStatus, splitMessages } from './health-message';

export interface WatchOptions {
  /** Name asked for; empty: the server as a whole. */
  readonly service: string;
  /** What a check was told last. */
  readonly known: string;
  /** The server says something else than before. */
  readonly onNews: () => void;
}

/** Changes of a lifetime fit into it many times; who sends more is no health service. */
const MOST_BYTES = 1_048_576;

/** @returns ends it; idempotent. The end of the session ends it too */
export function watchHealth(session: ClientHttp2Session, { service, known, onNews }: WatchOptions): () => void {
  // Every check would wait for ever behind the one stream that never ends.
  if (session.closed || session.destroyed || (session.remoteSettings.maxConcurrentStreams ?? 2) < 2)
    return () => undefined;
  const stream = askHealth(session, 'Watch', service);
  let status = known;
  let rest: Buffer = Buffer.alloc(0);
  let left = MOST_BYTES;
  const end = (): void => stream.close(constants.NGHTTP2_CANCEL);
  const isWellFormed = (chunk: Buffer): boolean => {
    left -= chunk.length;
    const split = left < 0 ? undefined : splitMessages(Buffer.concat([rest, chunk]));
    const statuses = split?.messages.map(servingStatus);
    if (split === undefined || statuses === undefined || statuses.includes(undefined)) return false;
    rest = split.rest;
    const before = status;
    status = statuses.at(-1) ?? before;
    if (statuses.some((one) => one !== before)) onNews();
    return true;
  };
  stream.on('data', (chunk: Buffer) => {
    if (!stream.closed && !isWellFormed(chunk)) end();
  });
  // Whatever ended it: the checks go on without it.
  stream.on('error', () => undefined);
  return end;
}
