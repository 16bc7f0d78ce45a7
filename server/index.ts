/** `understudy-rpc/server`: what a gRPC server needs to leave politely. */
export { DrainableHealth } from './drainable-health';
export { drainServer } from './drain-server';
export type { DrainableServer, DrainOptions, DrainReport } from './drain-server';
export { drainOnSignal } from './drain-on-signal';
export type { DrainOnSignalOptions } from './drain-on-signal';
