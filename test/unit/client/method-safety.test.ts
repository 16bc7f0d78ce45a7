import { MethodSafety } from '../../../client/method-safety';
import type { MethodLevel } from '../../../core/domain/idempotency';
import { calculatorService } from '../../../proto/calculator';

const path = (method: string): string => `/calculator.v1.Calculator/${method}`;

function safetyOf(configured: Readonly<Record<string, MethodLevel>> = {}, known = true): MethodSafety {
  return new MethodSafety(configured, known ? [calculatorService] : [], () => undefined);
}

describe('which methods may be sent again', () => {
  it('are those that the proto says are safe', () => {
    const safety = safetyOf();
    const repeated = ['Add', 'MemoryClear', 'MemoryAdd', 'Nothing'].filter((name) => safety.mayBeRepeated(path(name)));
    expect(repeated).toEqual(['Add', 'MemoryClear']);
    expect(safety.needsCallId(path('Add'))).toBe(false);
  });

  it('are also those whose servers remember call ids; these calls need one', () => {
    const safety = safetyOf({ [path('MemoryAdd')]: 'DEDUPLICATED' });
    expect(safety.mayBeRepeated(path('MemoryAdd'))).toBe(true);
    expect(safety.needsCallId(path('MemoryAdd'))).toBe(true);
  });

  it('are never streams by way of call ids, which no server could keep track of', () => {
    expect(() => safetyOf({ [path('Series')]: 'DEDUPLICATED' })).toThrow(
      new TypeError('methods./calculator.v1.Calculator/Series: a stream cannot be DEDUPLICATED, only a unary call can'),
    );
    expect(() => safetyOf({ [path('Series')]: 'DEDUPLICATED' }, false)).not.toThrow();
  });
});
