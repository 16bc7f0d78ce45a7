import type { CatalogEntry } from './instance';

/** An immutable view of one service at one catalog index. */
export interface Snapshot {
  readonly service: string;
  /** The registry's index of this view, as text: Consul's are 64 bit. Only good for display and equality. */
  readonly index: string;
  /** Sorted by tier, then id. */
  readonly instances: readonly CatalogEntry[];
}
