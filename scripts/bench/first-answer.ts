/** When a server that is being started gives its first good answer, by looking much more often than an agent does. */
import { setTimeout as pause } from 'node:timers/promises';
import { GrpcProbe } from '../../agent/grpc-probe';
import { systemClock } from '../../runtime/system-clock';

/** Far below what is measured. */
export const LOOK_EVERY_MS = 5;
const LONGEST_MS = 30_000;

/** @returns the moment, of performance.now() */
export async function firstAnswer(port: number): Promise<number> {
  const probe = new GrpcProbe({ address: '127.0.0.1', port, service: '', onUnimplemented: 'fail' }, systemClock());
  const limit = AbortSignal.timeout(LONGEST_MS);
  try {
    while ((await probe.check(limit)).outcome !== 'pass') {
      if (limit.aborted) throw new Error(`nothing answered well on port ${port} within ${LONGEST_MS} ms`);
      await pause(LOOK_EVERY_MS);
    }
    return performance.now();
  } finally {
    probe.close();
  }
}
