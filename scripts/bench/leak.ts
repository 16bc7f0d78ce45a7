/**
 * What a client keeps of many calls and many failovers: heap, RSS and whatever would keep Node alive, after equal stretches
 * of load. A slope that is not noise is a leak.
 */
import type { LeakQuestion, LeakSample } from './leak-worker';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { Site } from './site';
import { rounded } from './statistics';
import { startWorker } from './worker-link';

const SERVICE = 'calculator';
const STRETCHES = 10;
const MB = 1_000_000;

export const LEAK: SheetPart = {
  name: 'leak',
  title: 'What a client keeps of many calls and failovers',
  words: `One client in a process of its own, 32 calls at once, while its primary says NOT_SERVING and SERVING in turns: each failover
is followed by its failback. Ten equal stretches, each row after one of them, at rest and after a garbage collection. \`timers\`
and \`others\` are what Node counts as active resources, so without timers that do not hold the process. The last row is the least-squares slope per 100,000 calls, without the
first two stretches, in which caches fill.`,
  columns: {
    stretch: 'stretch',
    calls: 'calls',
    failovers: 'failovers',
    failed: 'failed calls',
    heapMb: 'heap MB',
    rssMb: 'RSS MB',
    timers: 'timers',
    others: 'others',
  },
  async measure({ command, quick }, cleanup, say) {
    const site = await Site.start(cleanup, say);
    const where = circumstances(command, site.consul.version);
    const primary = await site.startCalculator('primary', ['--allow-faults']);
    const backup = await site.startCalculator('backup');
    await site.register(SERVICE, primary.instance, primary.port, 0);
    await site.register(SERVICE, backup.instance, backup.port, 1);
    const target = `127.0.0.1:${primary.port}`;
    const args = [site.consul.address, SERVICE, target];
    const client = await startWorker<LeakQuestion, LeakSample>('leak-worker', args, ['--expose-gc']);
    site.own(client.child);
    const [calls, failovers] = quick ? [20_000, 20] : [1_000_000, 1_000];
    const samples: LeakSample[] = [];
    for (let stretch = 1; stretch <= STRETCHES; stretch += 1) {
      samples.push(await client.ask({ calls: calls / STRETCHES, failovers: failovers / STRETCHES }));
      say(`leak: ${stretch} of ${STRETCHES} stretches are done`);
    }
    return {
      ...where,
      rows: [...samples.map((sample, at) => rowOf(String(at + 1), sample)), slopeRow(samples.slice(2))],
    };
  },
};

type Row = Readonly<Record<string, string | number | null>>;

function rowOf(stretch: string, { calls, failovers, failed, heapBytes, rssBytes, resources }: LeakSample): Row {
  const timers = resources['Timeout'] ?? 0;
  const others = Object.values(resources).reduce((sum, count) => sum + count, 0) - timers;
  const heapMb = rounded(heapBytes / MB, 2);
  return { stretch, calls, failovers, failed, heapMb, rssMb: rounded(rssBytes / MB, 1), timers, others };
}

function slopeRow(samples: readonly LeakSample[]): Row {
  const per100k = (of: (sample: LeakSample) => number): number => {
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const x = samples.map(({ calls }) => calls / 100_000);
    const y = samples.map(of);
    const [meanX, meanY] = [mean(x), mean(y)];
    const spread = mean(x.map((value) => (value - meanX) ** 2));
    return mean(x.map((value, at) => (value - meanX) * ((y[at] ?? 0) - meanY))) / spread;
  };
  const timers = rounded(
    per100k(({ resources }) => resources['Timeout'] ?? 0),
    2,
  );
  const all = per100k(({ resources }) => Object.values(resources).reduce((sum, count) => sum + count, 0));
  return {
    stretch: 'slope',
    calls: 100_000,
    failovers: null,
    failed: null,
    heapMb: rounded(
      per100k(({ heapBytes }) => heapBytes / MB),
      3,
    ),
    rssMb: rounded(
      per100k(({ rssBytes }) => rssBytes / MB),
      2,
    ),
    timers,
    others: rounded(all - timers, 2),
  };
}
