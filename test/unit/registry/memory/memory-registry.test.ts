import { MemoryRegistry } from '../../../../registry/memory/memory-registry';
import type { Lease } from '../../../../registry/port';
import { Followed } from '../../../support/followed';
import { instance, registration } from '../../../support/registrations';
import { VirtualClock } from '../../../support/virtual-clock';

const never = new AbortController().signal;
const one = instance('calculator');

function setUp(): { readonly clock: VirtualClock; readonly registry: MemoryRegistry; readonly followed: Followed } {
  const clock = new VirtualClock();
  const registry = new MemoryRegistry(clock);
  return { clock, registry, followed: new Followed(registry, { service: 'calculator' }) };
}

describe('time', () => {
  it('turns an instance critical exactly when its TTL has passed, and removes it after so long critical', async () => {
    const { clock, registry, followed } = setUp();
    await registry.register(registration(one, { ttlMs: 10_000, deregisterAfterMs: 60_000 }));
    await clock.advanceAsync(9_999);
    expect(followed.view()).toBe('calculator-1:passing');
    await clock.advanceAsync(1);
    expect(followed.view()).toBe('calculator-1:critical');
    await clock.advanceAsync(59_999);
    expect(await registry.registered()).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(await registry.registered()).toEqual([]);
    await clock.advanceAsync(1_000);
    expect(followed.view()).toBe('');
  });

  it('starts the TTL anew with each beat, and forgets the removal with each good one', async () => {
    const { clock, registry } = setUp();
    await registry.register(registration(one, { ttlMs: 10_000, deregisterAfterMs: 60_000, health: 'critical' }));
    await clock.advanceAsync(9_000);
    await registry.beat(one.id, 'passing', 'well');
    await clock.advanceAsync(9_999);
    expect((await registry.snapshot({ service: 'calculator' })).instances[0]?.health).toBe('passing');
    await clock.advanceAsync(60_000);
    expect((await registry.snapshot({ service: 'calculator' })).instances[0]?.health).toBe('critical');
  });

  it('leaves no timer behind when it is closed', async () => {
    const { clock, registry } = setUp();
    await registry.register(registration(one));
    await registry.acquire({ key: 'k', slots: 1, holder: 'a', ttlMs: 10_000 }, never);
    await registry.close();
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('trouble', () => {
  it('answers nothing while it is away; a watch keeps its view, and tells trouble and return', async () => {
    const { clock, registry, followed } = setUp();
    await registry.register(registration(one));
    await clock.advanceAsync(0);
    registry.setAway(true);
    await expect(registry.beat(one.id, 'passing', '')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await clock.advanceAsync(2_500);
    registry.setAway(false);
    expect(followed.types()).toEqual(['snapshot', 'snapshot', 'trouble', 'trouble', 'trouble', 'recovered']);
    expect(followed.events.at(-1)).toEqual({ type: 'recovered', awayMs: 2_500 });
    expect(followed.view()).toBe('calculator-1:passing');
  });

  it('goes on aging while it is away', async () => {
    const { clock, registry, followed } = setUp();
    await registry.register(registration(one, { ttlMs: 1_000 }));
    registry.setAway(true);
    await clock.advanceAsync(1_500);
    registry.setAway(false);
    expect(followed.view()).toBe('calculator-1:critical');
  });

  it('does not believe its own empty answers before a second', async () => {
    const { clock, registry, followed } = setUp();
    await registry.register(registration(one));
    await clock.advanceAsync(0);
    registry.setEmptyAnswers(true);
    await clock.advanceAsync(900);
    registry.setEmptyAnswers(false);
    expect(followed.view()).toBe('calculator-1:passing');
    registry.setEmptyAnswers(true);
    await clock.advanceAsync(1_000);
    expect(followed.view()).toBe('');
  });

  it('knows nobody after it forgot everything, until they register again', async () => {
    const { clock, registry, followed } = setUp();
    await registry.register(registration(one));
    await clock.advanceAsync(0);
    registry.forget();
    await expect(registry.beat(one.id, 'passing', '')).rejects.toMatchObject({ code: 'unknown-instance' });
    const toldBefore = followed.events.length;
    await clock.advanceAsync(5_000);
    await registry.register(registration(one));
    await clock.advanceAsync(15_000);
    expect(followed.events).toHaveLength(toldBefore);
    registry.forget();
    await clock.advanceAsync(10_000);
    expect(followed.view()).toBe('');
  });
});

describe('locks', () => {
  const lock = { key: 'restart', slots: 1, holder: 'a', ttlMs: 12_000 };

  it('keeps a slot for as long as it can renew', async () => {
    const { clock, registry } = setUp();
    const lease = await registry.acquire(lock, never);
    await clock.advanceAsync(600_000);
    expect(lease.lost.aborted).toBe(false);
  });

  it('loses a slot one TTL after the last renewal that it could send', async () => {
    const { clock, registry } = setUp();
    const lease = await registry.acquire(lock, never);
    await clock.advanceAsync(4_000);
    registry.setAway(true);
    await clock.advanceAsync(11_999);
    expect(lease.lost.aborted).toBe(false);
    await clock.advanceAsync(1);
    expect(lease.lost.aborted).toBe(true);
  });

  it('tells a holder that the registry forgot with the next renewal, and lets another in with a greater fence', async () => {
    const { clock, registry } = setUp();
    const first = await registry.acquire(lock, never);
    let second: Lease | undefined;
    void registry.acquire(lock, never).then((lease) => (second = lease));
    await clock.advanceAsync(0);
    registry.forget();
    await clock.advanceAsync(4_000);
    expect(first.lost.aborted).toBe(true);
    expect(second!.fence).toBeGreaterThan(first.fence);
  });

  it('never lets two settings add up to more holders than the stricter one allows', async () => {
    const { clock, registry } = setUp();
    await registry.acquire(lock, never);
    let second: Lease | undefined;
    void registry.acquire({ ...lock, slots: 5 }, never).then((lease) => (second = lease));
    await clock.advanceAsync(60_000);
    expect(second).toBeUndefined();
  });
});
