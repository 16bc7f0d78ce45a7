import { ArrivalsFirst } from '../../../client/arrivals-first';
import { VirtualClock } from '../../support/virtual-clock';

let clock: VirtualClock;
let releases: number;
let arrivals: ArrivalsFirst;

beforeEach(() => {
  clock = new VirtualClock();
  releases = 0;
  arrivals = new ArrivalsFirst(() => (releases += 1));
});

/** Whether a call that begins now has to wait. */
function waits(): boolean {
  arrivals.callBegins(clock.nowMs(), clock);
  return arrivals.mustWait();
}

const takeArrivals = (): void => clock.advance(0);

it('lets the calls after a pause wait until what has arrived is taken in, and lets them go on once', () => {
  expect([waits(), waits()]).toEqual([true, true]);
  expect(releases).toBe(0);
  takeArrivals();
  expect(releases).toBe(1);
  expect(waits()).toBe(false);
});

it('lets nobody wait while calls follow each other, and again after 200 ms without any', () => {
  waits();
  takeArrivals();
  for (let call = 0; call < 10; call += 1) {
    clock.advance(200);
    expect(waits()).toBe(false);
  }
  clock.advance(201);
  expect(waits()).toBe(true);
});

it('counts calls that need not wait, too: one that begins beside them after a pause waits', () => {
  arrivals.callBegins(clock.nowMs(), clock);
  expect(waits()).toBe(true);
  takeArrivals();
  clock.advance(201);
  arrivals.callBegins(clock.nowMs(), clock);
  takeArrivals();
  expect(releases).toBe(1);
});
