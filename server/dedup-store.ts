/**
 * The port to whatever remembers call ids: one server's own memory, or a store that several servers share. What a store
 * must promise stands here; how calls wait, are executed and are answered again is decided in deduplicator.ts.
 */
import type { status } from '@grpc/grpc-js';
import type { CallId } from '../core/decide/call-id';

/** What a call was answered, as bytes and text so that it can be kept anywhere. */
export interface Answer {
  readonly code: status;
  readonly details: string;
  /** The response as protobuf; null where the status is an error. */
  readonly message: Uint8Array | null;
  /** Headers and trailers as HTTP/2 writes them: values of keys that end in `-bin` are base64. */
  readonly headers: WrittenMetadata;
  readonly trailers: WrittenMetadata;
}

export type WrittenMetadata = Readonly<Record<string, string | readonly string[]>>;

export type Claim =
  /** Nobody executes it or ever did: this server may, and nobody else may until it settles or releases the call. */
  | { readonly state: 'mine' }
  /** Somebody claimed it and has not settled it yet. */
  | { readonly state: 'held'; readonly fingerprint: string }
  | { readonly state: 'answered'; readonly fingerprint: string; readonly answer: Answer }
  /** Nobody can tell whether it was executed, now or later: its holder died, or the id is too old. */
  | { readonly state: 'lost'; readonly reason: string };

export interface DedupStore {
  /**
   * True if every server that a caller may turn to uses this store. Where it is false, a repetition of a call that this
   * store does not know is refused: the first attempt may have been executed by another server.
   */
  readonly shared: boolean;
  /**
   * Claims the call, atomically: of all who ask for one id, one gets `mine`. It must not give `mine` for an id that it
   * may have forgotten; the stamp of the id tells how old it is. A rejection means that nothing was claimed.
   */
  claim(id: CallId, fingerprint: string): Promise<Claim>;
  /** The claimed call was executed. Resolves when the answer would survive whatever this store survives. */
  settle(id: CallId, answer: Answer): Promise<void>;
  /** The claimed call was provably not executed: the next one may claim it. */
  release(id: CallId): Promise<void>;
}
