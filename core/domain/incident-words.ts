/** The words of the journal as lists: a reader knows by them what a newer or a broken file holds. */
import type { StepKind, StepSource } from './incident';

const KINDS: Readonly<Record<StepKind, true>> = {
  evidence: true,
  detected: true,
  decided: true,
  acting: true,
  acted: true,
  'given-up': true,
  verified: true,
  rejoined: true,
  relapsed: true,
  resumed: true,
  note: true,
  drill: true,
  closed: true,
};
const SOURCES: Readonly<Record<StepSource, true>> = {
  probe: true,
  child: true,
  neighbour: true,
  ladder: true,
  guard: true,
  guardian: true,
  registry: true,
  client: true,
  operator: true,
  agent: true,
  drill: true,
};

export const STEP_KINDS: readonly string[] = Object.keys(KINDS);
export const STEP_SOURCES: readonly string[] = Object.keys(SOURCES);
