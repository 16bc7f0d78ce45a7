import { estimateLoad, type FleetSize } from '../../../sim/scale/load-estimate';
import { loadPage } from '../../../sim/scale/load-page';

const OF = {
  ...{ beatsPerSecond: 1, writesPerBeat: 0, writesPerChange: 1, entryBytes: 3_000, answersPerChange: 1 },
  ...{ settingAnswersPerKvWrite: 1, settingBytes: 300, kvWritesPerRecovery: 2, queriesPerWatch: 2, waitS: 60 },
  serverCpuMsPerMb: 30,
};
const FLEET: FleetSize = { instances: 1_000, clients: 1_000, perService: 10, changesPerDay: 0, recoveriesPerDay: 0 };
const DAILY = 86_400;

describe('the load of Consul', () => {
  it('of a quiet fleet is beats to local agents, and queries that end without news', () => {
    expect(estimateLoad(FLEET, OF)).toMatchObject({ beatsPerS: 1_000, writesPerS: 0, held: 2_000, newsBytesPerS: 0 });
    expect(estimateLoad(FLEET, OF).queriesPerS).toBeCloseTo(33.3, 1);
    expect(estimateLoad(FLEET, OF).idleBytesPerS).toBe((1_000 * 30_300) / 60);
  });

  it('of one change is the whole service to each of its watchers, so it grows by the square of the service', () => {
    expect(estimateLoad(FLEET, OF).bytesPerChange).toBe(10 * 10 * 3_000);
    expect(estimateLoad({ ...FLEET, perService: 100 }, OF).bytesPerChange).toBe(100 * 100 * 3_000);
  });

  it('of changes is one write each, and one answer to each watcher', () => {
    const load = estimateLoad({ ...FLEET, changesPerDay: DAILY / 1_000 }, OF);
    expect(load.writesPerS).toBeCloseTo(1);
    expect(load.newsBytesPerS).toBeCloseTo(300_000);
    expect(load.queriesPerS).toBeCloseTo(33.3 + 10, 1);
  });

  it('of recoveries wakes every client twice, whatever service it watches', () => {
    const load = estimateLoad({ ...FLEET, recoveriesPerDay: DAILY / 1_000 }, OF);
    expect(load.newsBytesPerS).toBeCloseTo(2 * 1_000 * 300);
  });

  it('of half as many clients is half as many bytes', () => {
    const [all, half] = [FLEET, { ...FLEET, clients: 500 }].map((fleet) => estimateLoad(fleet, OF));
    expect(half?.idleBytesPerS).toBe((all?.idleBytesPerS ?? 0) / 2);
    expect(half?.bytesPerChange).toBe((all?.bytesPerChange ?? 0) / 2);
  });
});

it('the page names each size and each constant', () => {
  const page = loadPage();
  for (const text of ['| 100 |', '| 1,000 |', '| 10,000 |', '| 100,000 |', '`entryBytes`'])
    expect(page).toContain(text);
});
