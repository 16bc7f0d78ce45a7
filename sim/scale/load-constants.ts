/**
 * What the estimate of Consul's load is made of. Each number names where it comes from; none is a guess, but for what is assumed of
 * the fleet itself, and that is said.
 */
import { DEFAULT_WATCH } from '../../core/decide/watch-step';

export interface LoadConstant {
  readonly value: number;
  readonly unit: string;
  /** The command or the code that it comes from. */
  readonly from: string;
}

const MEASURED = '`npm run consul:load`, Consul 1.8.7 as a server on disk';

export const LOAD_CONSTANTS = {
  beatsPerSecond: { value: 1, unit: 'a second and instance, to the local agent', from: 'agent/config-defaults.ts' },
  writesPerBeat: { value: 0, unit: 'writes of the servers, when nothing changes', from: MEASURED },
  writesPerChange: { value: 1, unit: 'write of the servers, when the health changes', from: MEASURED },
  entryBytes: { value: 1_452, unit: 'bytes of one entry in an answer', from: `${MEASURED}, 100 entries` },
  answersPerChange: { value: 1, unit: 'answer to each watcher; fewer when changes meet', from: MEASURED },
  answersToOthers: { value: 0, unit: 'answers to watchers of other services', from: MEASURED },
  settingAnswersPerKvWrite: {
    value: 1,
    unit: 'answer to each watcher of settings that were never written, when a recovery slot of any service is written',
    from: MEASURED,
  },
  settingBytes: {
    value: 300,
    unit: 'bytes of such an answer, nearly all head',
    from: 'rounded up from HTTP heads of Consul 1.8.7',
  },
  kvWritesPerRecovery: {
    value: 2,
    unit: 'writes at least: a recovery slot is taken and given back',
    from: 'agent/fleet-guard.ts',
  },
  queriesPerWatch: { value: 2, unit: 'held queries: the catalog and the live settings', from: 'client/watch-hub.ts' },
  waitS: {
    value: (DEFAULT_WATCH.waitMs / 1_000) * (1 + 1 / 32),
    unit: 's until a query without news ends, on average',
    from: 'core/decide/watch-step.ts, and half of the sixteenth that Consul adds',
  },
  serverCpuMsPerMb: {
    value: 30,
    unit: 'ms of Consul for a megabyte of answers',
    from: `${MEASURED}, on a busy machine`,
  },
  connectionsPerAddress: {
    value: 200,
    unit: 'connections that Consul takes from one address',
    from: 'limits.http_max_conns_per_client, its default',
  },
} as const satisfies Readonly<Record<string, LoadConstant>>;
