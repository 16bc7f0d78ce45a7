import { sleep } from '../../../runtime/sleep';
import { VirtualClock } from '../../support/virtual-clock';

describe('VirtualClock', () => {
  it('fires timers in the order of their time, then of their arming, each at its own instant', () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const arm = (name: string, delayMs: number): unknown =>
      clock.after(delayMs, () => seen.push(`${name}@${String(clock.nowMs())}`));
    arm('late', 30);
    arm('first', 10);
    arm('second', 10);
    clock.advance(29);
    expect(seen).toEqual(['first@10', 'second@10']);
    clock.advance(1);
    expect(seen).toEqual(['first@10', 'second@10', 'late@30']);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('fires a timer that was armed while advancing when it falls due within the same step', () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const beat = (): void => {
      seen.push(clock.nowMs());
      clock.after(10, beat);
    };
    clock.after(10, beat);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.nowMs()).toBe(35);
    expect(clock.pendingTimers()).toBe(1);
  });

  it('never fires a cancelled timer, not even one that an earlier timer of the same instant cancels', () => {
    const clock = new VirtualClock();
    const fired = jest.fn();
    clock.after(5, () => {
      cancel();
    });
    const cancel = clock.after(5, fired);
    clock.advance(10);
    cancel();
    expect(fired).not.toHaveBeenCalled();
  });

  it('moves both clocks by the same amount', () => {
    const clock = new VirtualClock();
    const [nowMs, unixMs] = [clock.nowMs(), clock.unixMs()];
    clock.advance(1_234);
    expect([clock.nowMs() - nowMs, clock.unixMs() - unixMs]).toEqual([1_234, 1_234]);
  });

  it('lets promises continue between timers when advanced asynchronously', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        await sleep(clock, 100);
        seen.push(clock.nowMs());
      }
    };
    const done = loop();
    await clock.advanceAsync(300);
    await done;
    expect(seen).toEqual([100, 200, 300]);
  });

  it('refuses timers that arm each other for ever, and waits that are no time', () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.after(0, again);
    again();
    expect(() => clock.advance(1)).toThrow('timers keep arming each other without delay');
    expect(() => clock.after(Number.NaN, again)).toThrow('a timer cannot wait NaN ms');
  });
});
