import { addMethods, MethodBook, type MethodTallies } from '../../../../core/measure/method-tally';
import { serviceReport } from '../../../../core/measure/service-report';

const DAY_MS = 86_400_000;
const one = (calls: number, instance = 'a'): MethodTallies => ({
  '/s/Add': { calls, failuresSeen: 1, failuresHidden: 2, instances: { [instance]: { attempts: calls, failures: 3 } } },
});

it('adds up what different callers tell', () => {
  expect(addMethods(addMethods(one(10), one(20)), one(5, 'b'))).toEqual({
    '/s/Add': {
      ...{ calls: 35, failuresSeen: 3, failuresHidden: 6 },
      instances: { a: { attempts: 30, failures: 6 }, b: { attempts: 5, failures: 3 } },
    },
  });
});

it('tells the minutes that touch the time since then, and forgets after a day', () => {
  const book = new MethodBook();
  book.take('calculator', one(10), 0);
  book.take('calculator', one(20), 120_000);
  expect(book.since('calculator', 0)['/s/Add']?.calls).toBe(30);
  expect(book.since('calculator', 61_000)['/s/Add']?.calls).toBe(20);
  expect(book.since('other', 0)).toEqual({});
  for (let ms = 180_000; ms < DAY_MS + 180_000; ms += 60_000) book.take('calculator', one(1), ms);
  expect(book.since('calculator', 0)['/s/Add']?.calls).toBe(1440);
});

it('keeps so many methods and no more', () => {
  const book = new MethodBook();
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`/s/${at}`, one(1)['/s/Add']!]));
  book.take('calculator', many, 0);
  expect(Object.keys(book.since('calculator', 0))).toHaveLength(200);
});

it('becomes rows of a report, each with its sample and its interval', () => {
  const methods = addMethods(one(100), { '/s/Sub': { ...one(50)['/s/Add']! } });
  const { byMethod, byInstance } = serviceReport({
    ...{ service: 'calculator', sinceUnixMs: 0, nowUnixMs: DAY_MS, minutes: [], incidents: [], observations: [] },
    ...{ methods, moves: [] },
  });
  expect(byMethod.map(({ name, failures, failure }) => [name, failures, failure.of])).toEqual([
    ['/s/Add', 3, 100],
    ['/s/Sub', 3, 50],
  ]);
  expect(byMethod[0]?.failure).toMatchObject({ value: 0.03, low: expect.closeTo(0.0103, 4) as number });
  expect(byInstance).toMatchObject([{ name: 'a', failures: 6, failure: { of: 150, value: 0.04 } }]);
});
