/**
 * What the news of a catalog costs a client, by the number of instances in it: a real Consul, the whole client in a process
 * of its own, and one instance that changes while nobody calls.
 */
import type { CatalogQuestion, Weighed } from './catalog-worker';
import { CatalogCrowd } from './catalog-crowd';
import { catalogPlot } from './plots';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { Site } from './site';
import { median, rounded } from './statistics';
import { startWorker, type Worker } from './worker-link';

const SIZES = [10, 100, 1_000, 5_000];
/** Goal for a changed view, CPU ms. */
const GOALS: ReadonlyMap<number, number> = new Map([
  [1_000, 10],
  [5_000, 50],
]);
/** Compilers are warm before anything counts; at a thousand instances they are still at work after thirty answers. */
const WARM_UP = 60;
/** The watch allows itself five answers a second after a burst. */
const REST_MS = 300;
const NODE_FLAGS = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'];

export const CATALOG: SheetPart = {
  name: 'catalog',
  title: 'What the news of a large catalog costs a client',
  words: `A real Consul holds the instances, written by transactions; one is called, one kept warm, the others are of a lower tier and
not connected. \`changed\`: one of those turns critical or passing. \`unchanged\`: Consul answers, and what a client looks at
is the same. CPU is the client process's time, user and system, from the head of the answer to the new picker; allocated
is what the heap grew by, without a collection. Medians. Consul runs as a server on disk: with \`-dev\` it indents its JSON,
which doubles each answer.`,
  columns: {
    instances: 'instances',
    news: 'news',
    runs: 'runs',
    cpuMs: 'CPU ms',
    goalMs: 'goal',
    met: 'met',
    answerKb: 'answer kB',
    heapKb: 'allocated kB',
  },
  plot: { shows: 'CPU of one answer by the number of instances', svg: catalogPlot },
  async measure({ command, quick }, cleanup, say) {
    const site = await Site.start(cleanup, say, { onDisk: true });
    const where = circumstances(command, site.consul.version);
    const one = await site.startCalculator('one');
    const two = await site.startCalculator('two');
    const rows = [];
    for (const size of SIZES) {
      const service = `crowd-${size}`;
      const crowd = new CatalogCrowd(site.consul.address, service);
      await crowd.fill([one.port, two.port, ...Array.from({ length: size - 2 }, () => 1_000)]);
      const client = await startWorker<CatalogQuestion, object>(
        'catalog-worker',
        [site.consul.address, service],
        NODE_FLAGS,
      );
      site.own(client.child);
      const [warmUp, runs] = quick ? [3, 4] : [WARM_UP, 15];
      const changed = await weighAll(client, warmUp, runs, (run) =>
        crowd.say(5, run % 2 === 0 ? 'critical' : 'passing'),
      );
      await crowd.say(5, 'passing');
      const unchanged = await weighAll(client, warmUp, runs, (run) => crowd.touch(6, 2 + run));
      rows.push(rowOf(size, 'changed', changed, GOALS.get(size) ?? null), rowOf(size, 'unchanged', unchanged, null));
      await client.stop();
      say(`catalog: ${size} instances are done`);
    }
    return { ...where, rows };
  },
};

async function weighAll(
  client: Worker<CatalogQuestion, object>,
  warmUp: number,
  runs: number,
  change: (run: number) => Promise<void>,
): Promise<readonly Weighed[]> {
  const weighed: Weighed[] = [];
  for (let run = 0; run < warmUp + runs; run += 1) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    await client.ask({ ask: 'arm' });
    const answer = client.ask({ ask: 'weigh' });
    await change(run);
    weighed.push((await answer) as Weighed);
  }
  return weighed.slice(warmUp);
}

function rowOf(
  instances: number,
  news: string,
  weighed: readonly Weighed[],
  goalMs: number | null,
): Readonly<Record<string, string | number | null>> {
  const cpuMs = rounded(median(weighed.map((one) => one.cpuMs)), 2);
  return {
    instances,
    news,
    runs: weighed.length,
    cpuMs,
    goalMs,
    met: goalMs === null ? null : cpuMs <= goalMs ? 'yes' : 'NO',
    answerKb: rounded(median(weighed.map((one) => one.bytes)) / 1_000, 1),
    heapKb: rounded(median(weighed.map((one) => one.heapBytes)) / 1_000, 0),
  };
}
