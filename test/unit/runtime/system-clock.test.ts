import { systemClock } from '../../../runtime/system-clock';

it('gives what has arrived more turns than Node takes from the end of a socket to that of its session', async () => {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise<void>((resolve) => systemClock().afterArrivals(resolve));
  isOver = true;
  expect(turns).toBeGreaterThan(5);
});
