import { MethodCounts } from '../../../client/method-counts';

it('counts calls by method, and attempts where they went', () => {
  const counts = new MethodCounts();
  counts.attemptEnded('/s/Add', 'a', true);
  counts.attemptEnded('/s/Add', 'b', false);
  counts.callEnded('/s/Add', 0, 1);
  counts.attemptEnded('/s/Sub', 'b', false);
  counts.callEnded('/s/Sub', 0, 0);
  expect(counts.take()).toEqual({
    '/s/Add': {
      ...{ calls: 1, failuresSeen: 0, failuresHidden: 1 },
      instances: { a: { attempts: 1, failures: 1 }, b: { attempts: 1, failures: 0 } },
    },
    '/s/Sub': { calls: 1, failuresSeen: 0, failuresHidden: 0, instances: { b: { attempts: 1, failures: 0 } } },
  });
});

it('gives each count once', () => {
  const counts = new MethodCounts();
  counts.callEnded('/s/Add', 1, 0);
  expect(Object.keys(counts.take())).toEqual(['/s/Add']);
  expect(counts.take()).toEqual({});
});

it('leaves what is too much for one message to the next, and loses none of it', () => {
  const counts = new MethodCounts();
  for (let method = 0; method < 10; method += 1)
    for (let instance = 0; instance < 90; instance += 1) counts.attemptEnded(`/s/${method}`, `i-${instance}`, false);
  const messages = Array.from({ length: 6 }, () => Object.values(counts.take()));
  expect(messages.map((methods) => methods.length)).toEqual([2, 2, 2, 2, 2, 0]);
  const attempts = messages.flat().flatMap(({ instances }) => Object.values(instances).map((one) => one.attempts));
  expect(attempts).toHaveLength(900);
});

it('does not grow without bound while nobody takes', () => {
  const counts = new MethodCounts();
  for (let at = 0; at < 1000; at += 1) {
    counts.attemptEnded(`/s/${at}`, 'a', false);
    counts.attemptEnded('/s/0', `i-${at}`, false);
  }
  const taken = Array.from({ length: 200 }, () => Object.values(counts.take())).flat();
  expect(taken).toHaveLength(100);
  expect(Object.keys(taken[0]?.instances ?? {})).toHaveLength(100);
});
