/**
 * What a fleet asks of Consul, by arithmetic from constants: no run, no clock, no network.
 */

export interface FleetSize {
  readonly instances: number;
  /** Each watches one service. */
  readonly clients: number;
  readonly perService: number;
  /** Changes of each instance's health a day. */
  readonly changesPerDay: number;
  /** Recoveries on suspicion of each instance a day. */
  readonly recoveriesPerDay: number;
}

/** The values of LOAD_CONSTANTS. */
export type LoadValues = Readonly<
  Record<
    | 'beatsPerSecond'
    | 'writesPerBeat'
    | 'writesPerChange'
    | 'entryBytes'
    | 'answersPerChange'
    | 'settingAnswersPerKvWrite'
    | 'settingBytes'
    | 'kvWritesPerRecovery'
    | 'queriesPerWatch'
    | 'waitS'
    | 'serverCpuMsPerMb',
    number
  >
>;

export interface ConsulLoad {
  /** To the Consul agents of the machines. */
  readonly beatsPerS: number;
  /** To the log of the servers. */
  readonly writesPerS: number;
  /** Asked of the servers, those that end without news and those that news end. */
  readonly queriesPerS: number;
  /** Blocking queries, each with its connection. */
  readonly held: number;
  /** Answers that tell nothing new, bytes/s. */
  readonly idleBytesPerS: number;
  /** Answers to changes, bytes/s. */
  readonly newsBytesPerS: number;
  /** Of one change of one instance, bytes. */
  readonly bytesPerChange: number;
  /** Of the servers together, cores. */
  readonly cores: number;
}

const DAY_S = 86_400;

/** All services have the same size, and as many watchers each. */
export function estimateLoad(fleet: FleetSize, of: LoadValues): ConsulLoad {
  const { instances, clients, perService } = fleet;
  const watchersPerService = (clients * perService) / instances;
  const changesPerS = (instances * fleet.changesPerDay) / DAY_S;
  const kvWritesPerS = ((instances * fleet.recoveriesPerDay) / DAY_S) * of.kvWritesPerRecovery;
  const held = clients * of.queriesPerWatch;
  const bytesPerAnswer = perService * of.entryBytes;
  const bytesPerChange = watchersPerService * of.answersPerChange * bytesPerAnswer;
  // A slot that is taken or given back wakes all watchers of settings, of whatever service.
  const settingAnswersPerS = kvWritesPerS * clients * of.settingAnswersPerKvWrite;
  const idleBytesPerS = (clients * (bytesPerAnswer + of.settingBytes)) / of.waitS;
  const newsBytesPerS = changesPerS * bytesPerChange + settingAnswersPerS * of.settingBytes;
  return {
    beatsPerS: instances * of.beatsPerSecond,
    writesPerS: instances * of.beatsPerSecond * of.writesPerBeat + changesPerS * of.writesPerChange + kvWritesPerS,
    queriesPerS: held / of.waitS + changesPerS * watchersPerService * of.answersPerChange + settingAnswersPerS,
    held,
    idleBytesPerS,
    newsBytesPerS,
    bytesPerChange,
    cores: ((idleBytesPerS + newsBytesPerS) / 1e6) * (of.serverCpuMsPerMb / 1_000),
  };
}
