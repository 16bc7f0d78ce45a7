import { verdictOf } from '../../../calculator/faults';
import type { FaultKind } from '../../../calculator/faults';

const ADD = '/calculator.v1.Calculator/Add';
const CHECK = '/grpc.health.v1.Health/Check';
const SET_FAULT = '/calculator.v1.Faults/SetFault';

const verdict = (kind: FaultKind, path: string, serviceTimeMs = 0) =>
  verdictOf({ kind, delayMs: kind === 'SLOW' ? 50 : 0 }, path, serviceTimeMs);

describe('what a fault makes of a call', () => {
  const refused = (kind: FaultKind) => ({ kind: 'refuse', details: `the fault ${kind} is switched on` });
  const answered = (delayMs = 0) => ({ kind: 'answer', delayMs });
  const hung = { kind: 'hang' };

  it.each([
    ['NONE', answered(), answered()],
    ['HANG', hung, hung],
    ['SLOW', answered(50), answered(50)],
    ['UNAVAILABLE', refused('UNAVAILABLE'), answered()],
    ['NOT_SERVING', answered(), answered()],
    ['SICK', refused('SICK'), answered()],
  ] as const)('%s: the table of the proto for work and for health checks', (kind, work, health) => {
    expect(verdict(kind, ADD)).toEqual(work);
    expect(verdict(kind, CHECK)).toEqual(health);
  });

  it.each(['HANG', 'SLOW', 'UNAVAILABLE', 'SICK'] as const)('%s never touches the Faults service itself', (kind) => {
    expect(verdict(kind, SET_FAULT, 20)).toEqual(answered());
  });

  it('adds the service time to work alone, and the delay of a fault to it', () => {
    expect(verdict('NONE', ADD, 20)).toEqual(answered(20));
    expect(verdict('SLOW', ADD, 20)).toEqual(answered(70));
    expect(verdict('NONE', CHECK, 20)).toEqual(answered());
  });
});
