/**
 * docs/scale.md, made of the constants and the arithmetic alone, so that nobody has to keep it in step by hand.
 */
import { LOAD_CONSTANTS, type LoadConstant } from './load-constants';
import { estimateLoad, type ConsulLoad, type FleetSize, type LoadValues } from './load-estimate';

const SIZES = [100, 1_000, 10_000, 100_000];
const TAKEN = { perService: 10, changesPerDay: 10, recoveriesPerDay: 1 };

export function loadPage(): string {
  const values = Object.fromEntries(
    Object.entries(LOAD_CONSTANTS).map(([name, { value }]) => [name, value]),
  ) as LoadValues;
  const of = (fleet: Partial<FleetSize> & { readonly instances: number }): ConsulLoad =>
    estimateLoad({ clients: fleet.instances, ...TAKEN, ...fleet }, values);
  const large = of({ instances: 1_000, perService: 1_000 });
  const most = of({ instances: 100_000 });
  const perAddress = LOAD_CONSTANTS.connectionsPerAddress.value / LOAD_CONSTANTS.queriesPerWatch.value;
  return `# How much load Consul has to bear

An estimate from constants, not a measurement of a fleet. This page is made by \`npm run sim -- --estimate\`; the arithmetic stands
in \`sim/scale/load-estimate.ts\`. How soon clients act in a fleet of 10,000 is shown by \`npm run sim -- --scale\`
([simulation](simulation.md#a-fleet)).

Taken: as many client processes as instances, each of which watches one service; ${TAKEN.perService} instances and as many clients to a
service; ${TAKEN.changesPerDay} changes of health and ${TAKEN.recoveriesPerDay} recovery on suspicion of each instance a day.

${table(
  [
    'instances',
    'beats, to local agents',
    'writes of the servers',
    'queries',
    'held queries',
    'idle answers',
    'answers to news',
    'CPU for the bytes',
  ],
  SIZES.map((instances) => rowOf(instances, of({ instances }))),
)}

## Where it breaks, and what to do there

- **Beats: nowhere.** They end at the Consul agent of the machine, and the servers write nothing while the health stays. Run an
  agent on each machine; beats sent to the servers themselves would be ${count(most.beatsPerS)} requests a second at 100,000.
- **Many client processes on one machine.** Consul takes ${LOAD_CONSTANTS.connectionsPerAddress.value} HTTP connections from one address: ${perAddress} processes of one service each. Raise
  \`limits.http_max_conns_per_client\`, or set \`liveSettings: false\`, which halves them.
- **Large services, at any size of the fleet.** Each change is sent whole to everybody: ${count(1_000)} instances watched by ${count(1_000)}
  processes are ${bytes(large.bytesPerChange)} for one change, and ${bytes(large.idleBytesPerS)}/s while nothing changes. Ten services of ${count(100)}, by a tag
  in the target or by datacenter, are a hundredth of that for a change. A watch asks again at most five times a second after a burst of ten, so
  changes that come together share an answer.
- **From 10,000 on: answers that tell nothing new.** Up to there they outweigh all others; a \`waitMs\` of ten minutes makes them a
  tenth.
- **From 10,000 on: recovery slots.** A slot that is taken or given back wakes each watcher of settings that were never written, of
  whatever service: at 100,000 that is most of its ${count(most.queriesPerS)} queries a second, each of which costs more than its few bytes.
  \`liveSettings: false\` ends it.
- **100,000.** ${count(most.held)} held queries, each with a connection and some memory, and ${bytes(most.idleBytesPerS + most.newsBytesPerS)}/s are too much for one set of servers: several
  datacenters. Consul agents beside the clients hold the connections, but hand each query on; only Consul's streaming
  (\`use_streaming_backend\`, on since 1.10) sends changes in place of whole services, once to each Consul agent.

## The constants

${table(
  ['constant', 'value', 'what', 'from'],
  Object.entries<LoadConstant>(LOAD_CONSTANTS).map(([name, { value, unit, from }]) => [
    `\`${name}\``,
    count(value),
    unit,
    from,
  ]),
)}
`;
}

function rowOf(instances: number, load: ConsulLoad): readonly string[] {
  const { beatsPerS, writesPerS, queriesPerS, held, idleBytesPerS, newsBytesPerS, cores } = load;
  return [
    count(instances),
    ...[beatsPerS, writesPerS, queriesPerS].map((perS) => `${count(perS)}/s`),
    count(held),
    `${bytes(idleBytesPerS)}/s`,
    `${bytes(newsBytesPerS)}/s`,
    `${count(cores)} cores`,
  ];
}

/** Two digits are all that an estimate has. */
function count(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return Number(value.toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 5 });
}

function bytes(value: number): string {
  const [unit, size] = value >= 1e9 ? ['GB', 1e9] : value >= 1e5 ? ['MB', 1e6] : ['kB', 1e3];
  return `${count(Number((value / size).toPrecision(2)))} ${unit}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
