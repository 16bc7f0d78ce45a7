/** `understudy-rpc/server`: what a gRPC server needs to leave politely and to tell its load. */
export { DrainableHealth } from './drainable-health';
export { drainServer } from './drain-server';
export type { DrainableServer, DrainOptions, DrainReport } from './drain-server';
export { drainOnSignal } from './drain-on-signal';
export type { DrainOnSignalOptions } from './drain-on-signal';
export { reportLoad } from './load-report';
export type { ReportLoadOptions } from './load-report';
export { deduplicate } from './deduplicate';
export type { DeduplicateOptions } from './deduplicate';
export { MemoryDedupStore } from './memory-dedup-store';
export type { MemoryDedupOptions } from './memory-dedup-store';
export type { Answer, Claim, DedupStore, WrittenMetadata } from './dedup-store';
