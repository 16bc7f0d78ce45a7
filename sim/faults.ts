/**
 * The faults that a schedule is made of, and how a schedule is drawn from a seed. Data alone: a schedule can be printed, cut
 * and played again. What each fault does stands in apply-fault.ts.
 */
import type { Random } from './random';

export const FAULT_KINDS = [
  'kill',
  'crash-loop',
  'shared',
  'shared-hang',
  'hang',
  'sick',
  'half',
  'slow',
  'refuse',
  'dark',
  'agent-kill',
  'agent-pause',
  'rolling',
  'caller-pause',
  'caller-cut',
  'cut',
  'cut-one-way',
  'loss',
  'latency',
  'consul-away',
  'consul-leaderless',
  'consul-empty',
  'consul-index',
  'consul-wiped',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  /** How long it lasts; 0 where it is over at once. */
  readonly forMs: number;
  /** The instance, or the one end of a link. */
  readonly target: string;
  /** The other end of a link. */
  readonly peer: string;
}

export interface Shape {
  /** Tier of each instance. */
  readonly tiers: readonly number[];
  readonly callers: number;
}

export interface Schedule {
  readonly shape: Shape;
  readonly faults: readonly Fault[];
}

export const WARM_UP_MS = 6_000;
const FAULTS_WITHIN_MS = 25_000;
const SHAPES: readonly [Shape, ...Shape[]] = [
  { tiers: [0, 1], callers: 2 },
  { tiers: [0, 1, 2], callers: 2 },
  { tiers: [0, 0, 1], callers: 2 },
  { tiers: [0, 0, 1, 1], callers: 1 },
];

export function instanceName(index: number): string {
  return `work-${index + 1}`;
}

export function callerName(index: number): string {
  return `caller-${index + 1}`;
}

export function drawSchedule(random: Random): Schedule {
  const shape = random.pick(SHAPES);
  const count = random.int(1, 7);
  const faults = Array.from({ length: count }, () => drawFault(random, shape));
  return { shape, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

/** One line of a fault, for people. */
export function describeFault({ kind, atMs, forMs, target, peer }: Fault): string {
  const where = [target, peer].filter(Boolean).join(' / ');
  return `at ${Math.round(atMs)} ms: ${kind}${where && ` ${where}`}${forMs > 0 ? ` for ${Math.round(forMs)} ms` : ''}`;
}

const INSTANT: readonly FaultKind[] = ['kill', 'rolling', 'consul-index', 'consul-wiped'];
const OF_CONSUL: readonly FaultKind[] = [
  'consul-away',
  'consul-leaderless',
  'consul-empty',
  'consul-index',
  'consul-wiped',
];
const OF_LINKS: readonly FaultKind[] = ['cut', 'cut-one-way', 'loss', 'latency'];

function drawFault(random: Random, { tiers, callers }: Shape): Fault {
  const kind = random.pick(FAULT_KINDS);
  const atMs = Math.round(WARM_UP_MS + random.between(0, FAULTS_WITHIN_MS));
  // Short ones are common, and long ones happen: even on a scale of powers, from 100 ms to 20 s.
  const forMs = INSTANT.includes(kind) ? 0 : Math.round(100 * 200 ** random.next());
  // All instances fall at once: something that they share is gone.
  if (kind === 'shared' || kind === 'shared-hang') return { kind, atMs, forMs, target: '', peer: '' };
  const instance = instanceName(random.int(0, tiers.length - 1));
  const caller = callerName(random.int(0, callers - 1));
  if (OF_CONSUL.includes(kind)) return { kind, atMs, forMs, target: '', peer: '' };
  if (kind === 'caller-pause') return { kind, atMs, forMs: Math.min(forMs, 5_000), target: caller, peer: '' };
  if (kind === 'caller-cut') return { kind, atMs, forMs, target: caller, peer: '' };
  if (!OF_LINKS.includes(kind)) return { kind, atMs, forMs, target: instance, peer: '' };
  const links: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
    [caller, instance],
    [instance, caller],
    [caller, 'consul'],
    [instance, 'consul'],
  ];
  const [target, peer] = random.pick(links);
  return { kind, atMs, forMs, target, peer };
}
