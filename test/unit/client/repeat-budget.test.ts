import { RepeatBudget } from '../../../client/repeat-budget';
import { VirtualClock } from '../../support/virtual-clock';

let clock: VirtualClock;
let budget: RepeatBudget;

beforeEach(() => {
  clock = new VirtualClock();
  budget = new RepeatBudget({ share: 0.2, perSecond: 1, windowMs: 10_000 }, clock);
});

/** One call in each millisecond. */
function call(times: number): void {
  for (let made = 0; made < times; made += 1) {
    budget.callStarted(clock.nowMs());
    clock.advance(1);
  }
}

function granted(): number {
  let count = 0;
  while (budget.mayRepeat()) count += 1;
  return count;
}

it('grants a share of all calls up to this moment, and a few more', () => {
  call(1_050);
  expect(granted()).toBe(220);
});

it('counts calls when they were made, though nobody asked for a repetition then', () => {
  call(1_050);
  clock.advance(11_000);
  expect(granted()).toBe(10);
});

it('counts calls that go on after a grant', () => {
  call(50);
  expect(granted()).toBe(20);
  call(100);
  expect(granted()).toBe(20);
});
