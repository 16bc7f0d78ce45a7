/** `understudy-rpc/server`: what a gRPC server needs to leave politely, to tell its load and its calls, and to execute calls once. */
export { DrainableHealth } from './drainable-health';
export { drainServer } from './drain-server';
export type { DrainableServer, DrainOptions, DrainReport } from './drain-server';
export { drainOnSignal } from './drain-on-signal';
export type { DrainOnSignalOptions } from './drain-on-signal';
export { reportLoad } from './load-report';
export type { ReportLoadOptions } from './load-report';
export { reportCalls } from './report-calls';
export { deduplicate } from './deduplicate';
export type { DeduplicateOptions } from './deduplicate';
export { MemoryDedupStore } from './memory-dedup-store';
export type { MemoryDedupOptions } from './memory-dedup-store';
export type { Answer, Claim, DedupStore, WrittenMetadata } from './dedup-store';
export { CALL_ID_KEY } from '../core/decide/call-id';
export type { CallId } from '../core/decide/call-id';
