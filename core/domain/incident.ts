/**
 * Decides what a fault of one server looks like on record: when it begins, what belongs to it, and when it is over. One
 * lost probe is a suspicion and leaves nothing; a fault is kept as one incident through every relapse until the server has
 * been well for a while. It acts on nothing: it is told what others saw and did.
 */

/** Who knew or did it. */
export type StepSource =
  | 'probe'
  | 'child'
  | 'neighbour'
  | 'ladder'
  | 'guard'
  | 'guardian'
  | 'registry'
  | 'client'
  | 'operator'
  | 'agent'
  | 'drill';

export type StepKind =
  /** Something looked wrong. */
  | 'evidence'
  /** It is certain: the server is ill or gone. */
  | 'detected'
  /** What is going to be done about it, or why nothing is. */
  | 'decided'
  /** An action begins … */
  | 'acting'
  /** … and has ended, well or not. */
  | 'acted'
  /** Nothing more is tried until the server answers, or a person comes. */
  | 'given-up'
  /** The server is well again, by its probes and its check. */
  | 'verified'
  /** The registry knows it. */
  | 'rejoined'
  /** Ill again before the incident was over. */
  | 'relapsed'
  /** Another run of the agent found the incident open. */
  | 'resumed'
  | 'note'
  /** A planned move of the calls begins: on record like a fault, and none. Nothing is detected, so nobody was down. */
  | 'drill'
  | 'closed';

/** `drilled` and `cut-short` end a drill. */
export type Outcome = 'recovered' | 'abandoned' | 'drilled' | 'cut-short';

/** What may stand beside the sentence. Nothing else ever reaches the journal. */
export interface StepFacts {
  /** `exec`, `SIGTERM`, `restore`: what is or was done. */
  readonly action?: string;
  /** 1 for the first of this incident's attempts. */
  readonly attempt?: number;
  readonly ok?: boolean;
  readonly tookMs?: number;
  readonly pid?: number;
  /** The end of what a hook printed. */
  readonly output?: string;
  readonly outcome?: Outcome;
}

export interface IncidentStep extends StepFacts {
  readonly kind: StepKind;
  /** Counts from 1 within the incident. */
  readonly seq: number;
  /** Wall clock, Unix ms: for people and other machines. */
  readonly atUnixMs: number;
  /** Since the first evidence, ms, by the monotonic clock: for figures. */
  readonly afterMs: number;
  readonly source: StepSource;
  readonly sentence: string;
}

/** What happened, as it is told to the machine. `cleared`: no probe of the window fails. `settled`: well for long enough. */
export interface IncidentEvent extends StepFacts {
  readonly kind: Exclude<StepKind, 'relapsed' | 'drill' | 'closed'> | 'cleared' | 'settled' | 'abandoned';
  readonly source: StepSource;
  readonly sentence: string;
}

export type OpenPhase = 'down' | 'given-up' | 'verified' | 'rejoined';

/** Both clocks at one moment. */
export interface Moment {
  readonly nowMs: number;
  readonly unixMs: number;
}

interface Evidence {
  readonly event: IncidentEvent;
  readonly at: Moment;
}

export type IncidentState =
  | { readonly name: 'well' }
  | { readonly name: 'suspected'; readonly evidence: readonly Evidence[] }
  | {
      readonly name: 'open';
      readonly id: string;
      readonly phase: OpenPhase;
      readonly startedMs: number;
      /** Steps so far. */
      readonly steps: number;
      readonly afterMs: number;
    };

export interface IncidentProgress {
  readonly state: IncidentState;
  /** What goes on record, in order; often nothing. */
  readonly steps: readonly IncidentStep[];
}

export const WELL: IncidentState = { name: 'well' };

type Open = Extract<IncidentState, { name: 'open' }>;

/** Of a long suspicion, the first evidence and the latest are kept. */
const EVIDENCE_KEPT = 4;
/** A server that flaps for days must not fill a disk with one incident; what changes its phase is always kept. */
const MOST_STEPS = 1000;

/** One step of the machine. `instance` becomes the beginning of a new incident's id. */
export function nextIncident(
  state: IncidentState,
  event: IncidentEvent,
  at: Moment,
  instance: string,
): IncidentProgress {
  switch (state.name) {
    case 'well':
      return whileWell([], event, at, instance);
    case 'suspected':
      return whileWell(state.evidence, event, at, instance);
    case 'open':
      return whileOpen(state, event, at);
  }
}

/** An incident that another run of the agent left open. Its time goes on by the wall clock, and never backwards. */
export function resumeIncident(
  left: { readonly id: string; readonly phase: OpenPhase; readonly startedUnixMs: number } & Pick<
    Open,
    'steps' | 'afterMs'
  >,
  at: Moment,
): IncidentState {
  const { startedUnixMs, ...rest } = left;
  const afterMs = Math.max(left.afterMs, at.unixMs - startedUnixMs);
  return { ...rest, name: 'open', startedMs: at.nowMs - afterMs, afterMs };
}

function whileWell(earlier: readonly Evidence[], event: IncidentEvent, at: Moment, instance: string): IncidentProgress {
  if (event.kind === 'cleared') return { state: WELL, steps: [] };
  if (event.kind === 'evidence') {
    const others = [...earlier.slice(1), { event, at }].slice(1 - EVIDENCE_KEPT);
    return { state: { name: 'suspected', evidence: [...earlier.slice(0, 1), ...others] }, steps: [] };
  }
  if (event.kind !== 'detected')
    return { state: earlier.length === 0 ? WELL : { name: 'suspected', evidence: earlier }, steps: [] };
  const begun = earlier[0]?.at ?? at;
  let open: Open = {
    name: 'open',
    id: `${instance}-${Math.round(begun.unixMs).toString(36)}`,
    phase: 'down',
    startedMs: begun.nowMs,
    steps: 0,
    afterMs: 0,
  };
  const steps: IncidentStep[] = [];
  for (const { event: what, at: when } of [...earlier, { event, at }]) {
    const written = write(open, what.kind as StepKind, what, when);
    open = written.open;
    steps.push(written.step);
  }
  return { state: open, steps };
}

interface Move {
  readonly from: readonly OpenPhase[];
  readonly to: OpenPhase;
  readonly as: StepKind;
}

/** What changes the phase of an incident. */
const MOVES: Readonly<Partial<Record<IncidentEvent['kind'], Move>>> = {
  detected: { from: ['verified', 'rejoined'], to: 'down', as: 'relapsed' },
  'given-up': { from: ['down', 'verified', 'rejoined'], to: 'given-up', as: 'given-up' },
  verified: { from: ['down', 'given-up'], to: 'verified', as: 'verified' },
  rejoined: { from: ['verified'], to: 'rejoined', as: 'rejoined' },
};

/** What only adds a word to it. A server that is known to be ill fails every probe: `evidence` adds none. */
const WORDS: Readonly<Partial<Record<IncidentEvent['kind'], StepKind>>> = {
  detected: 'evidence',
  decided: 'decided',
  acting: 'acting',
  acted: 'acted',
  resumed: 'resumed',
  note: 'note',
};

function whileOpen(open: Open, event: IncidentEvent, at: Moment): IncidentProgress {
  const { kind } = event;
  if (kind === 'abandoned') return close(open, event, at, open.phase === 'rejoined' ? 'recovered' : 'abandoned');
  if (kind === 'settled' && open.phase === 'rejoined') return close(open, event, at, 'recovered');
  const move = MOVES[kind];
  const moves = move?.from.includes(open.phase) === true;
  const as = moves ? move.as : open.steps < MOST_STEPS ? WORDS[kind] : undefined;
  if (as === undefined) return { state: open, steps: [] };
  const { open: state, step } = write(moves ? { ...open, phase: move.to } : open, as, event, at);
  return { state, steps: [step] };
}

function close(open: Open, event: IncidentEvent, at: Moment, outcome: Outcome): IncidentProgress {
  return { state: WELL, steps: [write(open, 'closed', { ...event, outcome }, at).step] };
}

function write(
  open: Open,
  kind: StepKind,
  event: IncidentEvent,
  at: Moment,
): { readonly open: Open; readonly step: IncidentStep } {
  const seq = open.steps + 1;
  // A clock that went back cannot make a later step earlier.
  const afterMs = Math.max(open.afterMs, Math.round(at.nowMs - open.startedMs));
  return {
    open: { ...open, steps: seq, afterMs },
    step: { ...event, kind, seq, atUnixMs: Math.round(at.unixMs), afterMs },
  };
}
