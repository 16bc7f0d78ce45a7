import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptViews } from '../../../client/kept-views';
import type { Snapshot } from '../../../core/domain/snapshot';
import { RegistryError, type CatalogEvent, type CatalogListener } from '../../../registry/port';
import { viewText } from '../../support/followed';
import { VirtualClock } from '../../support/virtual-clock';

const QUERY = { service: 'calculator' };
const TROUBLE: CatalogEvent = { type: 'trouble', error: new RegistryError('unavailable', 'away'), failures: 1 };

function view(...ids: readonly string[]): Snapshot {
  const instances = ids.map((id) => ({
    ...{ id, service: 'calculator', address: '10.0.0.1', port: 5001, tier: 0, weight: 1, epoch: 1, owner: 'a' },
    ...{ tags: [], meta: { zone: 'b' }, health: 'passing' as const, reason: 'well' },
  }));
  return { service: 'calculator', index: '7', instances };
}

let folder: string;
let clock: VirtualClock;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-test-'));
  clock = new VirtualClock();
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** One process, whose registry says what the test says. */
class Start {
  readonly told: string[] = [];
  private readonly kept = new KeptViews(join(folder, 'views'), clock);
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private tell: CatalogListener = () => undefined;

  constructor(address = '127.0.0.1:8500') {
    const watch = this.kept.around(address, QUERY, (tell, signal) => {
      this.tell = tell;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    });
    const take: CatalogListener = (event) =>
      this.told.push(event.type === 'snapshot' ? viewText(event.snapshot) : event.type);
    this.ended = watch(take, this.stopping.signal);
  }

  says(event: CatalogEvent | Snapshot): void {
    this.tell('type' in event ? event : { type: 'snapshot', snapshot: event });
  }

  async end(): Promise<void> {
    this.stopping.abort();
    await this.ended;
    await this.kept.close();
  }
}

async function keep(...views: readonly Snapshot[]): Promise<void> {
  const start = new Start();
  for (const one of views) start.says(one);
  await start.end();
}

describe('the kept view of a service', () => {
  it('is told when the registry is in trouble from the beginning, and once', async () => {
    await keep(view('one'), view('one', 'two'), view('three'));
    const start = new Start();
    start.says(TROUBLE);
    start.says(TROUBLE);
    await start.end();
    expect(start.told).toEqual(['three:passing', 'trouble', 'trouble']);
  });

  it('is told when the registry says nothing for a second', async () => {
    await keep(view('one'));
    const start = new Start();
    clock.advance(999);
    expect(start.told).toEqual([]);
    clock.advance(1);
    start.says(view('two'));
    await start.end();
    expect(start.told).toEqual(['one:passing', 'two:passing']);
  });

  it('is not told when the registry answers, whatever comes later', async () => {
    await keep(view('one'));
    const start = new Start();
    start.says(view('two'));
    start.says(TROUBLE);
    clock.advance(5_000);
    await start.end();
    expect(start.told).toEqual(['two:passing', 'trouble']);
  });

  it('is not given up for an empty one, and not mixed up with that of another registry', async () => {
    await keep(view('one'), view());
    const other = new Start('10.0.0.9:8500');
    other.says(TROUBLE);
    await other.end();
    const same = new Start();
    same.says(TROUBLE);
    await same.end();
    expect([other.told, same.told]).toEqual([['trouble'], ['one:passing', 'trouble']]);
    expect(warnings).toEqual([]);
  });

  it('is left alone, with a warning that says why, when it cannot be read', async () => {
    await keep(view('one'));
    const [name] = readdirSync(join(folder, 'views'));
    writeFileSync(join(folder, 'views', name!), '{"format":1,"snapshot":{"service":"calculator","index":"7"}}');
    const start = new Start();
    start.says(TROUBLE);
    await start.end();
    expect(start.told).toEqual(['trouble']);
    expect(warnings).toEqual([expect.stringMatching(/^the view kept in .*calculator.* cannot be used: .*instances/s)]);
  });

  it('does no harm where it cannot be kept', async () => {
    writeFileSync(join(folder, 'views'), 'a file, and no folder');
    const start = new Start();
    start.says(view('one'));
    await start.end();
    expect(start.told).toEqual(['one:passing']);
    expect(warnings).toEqual([expect.stringContaining('EEXIST')]);
  });
});
