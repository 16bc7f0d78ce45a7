/* eslint-disable jest/no-export -- a suite that the tests of every registry run */
/** What every registry promises to those who must not act all at once. */
import type { Lease, Registry } from '../../registry/port';
import { until } from '../../scripts/chaos/until';

export function locksContract(
  opened: () => { readonly registry: Registry; readonly service: string },
  lockTtlMs: number,
): void {
  let registry: Registry;
  let service: string;
  beforeEach(() => ({ registry, service } = opened()));

  describe('locks', () => {
    const never = new AbortController().signal;
    const lock = (slots = 1): { readonly key: string; readonly slots: number; ttlMs: number; holder: string } => ({
      key: `understudy/contract/${service}`,
      slots,
      ttlMs: lockTtlMs,
      holder: 'somebody',
    });

    it('lets one in, then the next when the first gives back, with a greater fence', async () => {
      const first = await registry.acquire(lock(), never);
      let second: Lease | undefined;
      const waiting = registry.acquire(lock(), never).then((lease) => (second = lease));
      const third = new AbortController();
      const abandoned = registry.acquire(lock(), third.signal);
      third.abort(new Error('no longer wanted'));
      await expect(abandoned).rejects.toThrow('no longer wanted');
      expect(second).toBeUndefined();
      await first.release();
      await first.release();
      const { fence, release, lost } = await waiting;
      expect(fence).toBeGreaterThan(first.fence);
      expect([first.lost.aborted, lost.aborted]).toEqual([false, false]);
      await release();
    });

    it('lets as many in as there are slots, and no one more', async () => {
      const leases: Lease[] = [];
      const wanted = [1, 2, 3, 4].map(async () => {
        const lease = await registry.acquire(lock(2), never);
        leases.push(lease);
      });
      await until(() => leases.length >= 2, { what: 'two holders' });
      // A third contender that could come in would do so while this one is turned away.
      await expect(registry.acquire(lock(2), AbortSignal.timeout(300))).rejects.toThrow();
      expect(leases).toHaveLength(2);
      await leases[0]!.release();
      await until(() => leases.length === 3, { what: 'the third holder' });
      await Promise.all(leases.slice(1).map((lease) => lease.release()));
      await Promise.all(wanted);
      await leases[3]!.release();
      expect(new Set(leases.map((lease) => lease.fence)).size).toBe(4);
    });

    it('refuses settings that make no sense', async () => {
      await expect(registry.acquire(lock(0), never)).rejects.toMatchObject({ code: 'invalid-request' });
    });
  });
}
