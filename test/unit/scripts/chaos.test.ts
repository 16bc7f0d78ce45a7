import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { faultsOf, type Figures } from '../../../scripts/chaos/figures';
import { randomFrom } from '../../../scripts/chaos/random-from';
import { pageOf, type RowResult } from '../../../scripts/chaos/page';
import { ROWS } from '../../../scripts/chaos/rows';

const PAGE = readFileSync(resolve(__dirname, '../../../docs/chaos.md'), 'utf8');
const WELL: Figures = {
  calls: 100,
  lostSafe: 0,
  unsafeFailed: 3,
  executedTwice: 0,
  acknowledgedButLost: 0,
  failovers: 1,
  falseFailovers: 0,
  gapMs: 120,
  recoveredMs: 4_000,
  failures: [],
};
const LIMITS = { lostSafe: 0, falseFailovers: 0, gapMs: 200 };
const AT = {
  command: 'npm run chaos',
  date: '2026-01-02 03:04',
  node: 'v20',
  cpu: 'a processor',
  cores: 2,
  loadBefore: 0.1,
  consul: '1.20.6',
};

const firstCells = (markdown: string): readonly string[] =>
  markdown.split('\n').flatMap((line) => /^\| `([a-z-]+)`/.exec(line)?.[1] ?? []);

it('has every row of the code in docs/chaos.md, twice and in order: its figures, and what happens', () => {
  const names = ROWS.map(({ name }) => name);
  expect(firstCells(PAGE)).toEqual([...names, ...names]);
});

it('has names that differ', () => {
  const names = ROWS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('finds no fault with figures within the limits', () => {
  expect(faultsOf(WELL, LIMITS)).toEqual([]);
});

it.each<[Partial<Figures>, string]>([
  [{ calls: 0 }, 'no call was made'],
  [{ lostSafe: 1 }, '1 safe calls lost, at most 0 allowed'],
  [{ executedTwice: 1 }, '1 executed twice, at most 0 allowed'],
  [{ acknowledgedButLost: 2 }, '2 acknowledged, and in no ledger, at most 0 allowed'],
  [{ falseFailovers: 1 }, '1 false failovers, at most 0 allowed'],
  [{ gapMs: 201 }, '201 ms without a good answer, at most 200 allowed'],
  [{ recoveredMs: null }, 'not everything came back as it was'],
])('finds one with %j', (change, fault) => {
  expect(faultsOf({ ...WELL, ...change }, LIMITS)).toEqual([fault]);
});

it('allows no call to be executed twice or lost in any row, whatever its limits', () => {
  const none = { lostSafe: null, falseFailovers: null, gapMs: null };
  expect(faultsOf({ ...WELL, lostSafe: 9, executedTwice: 1, acknowledgedButLost: 1 }, none)).toHaveLength(2);
});

describe('the page', () => {
  const [first, second] = ROWS as [(typeof ROWS)[0], (typeof ROWS)[0]];
  const results: readonly RowResult[] = [
    { name: first.name, figures: { ...WELL, lostSafe: 7 }, skipped: null, faults: ['7 safe calls lost'] },
    { name: second.name, figures: null, skipped: 'it takes root', faults: [] },
  ];
  const page = pageOf(ROWS, results, AT);

  it('shows a limit beside its figure, and says which was broken', () => {
    expect(page).toContain(`| \`${first.name}\` | 100 | 7 (0) | 3 | 0 (0) | 0 (0) |`);
    expect(page).toContain(`- \`${first.name}\` broke a limit: 7 safe calls lost.`);
  });

  it('says why a row was not played', () => {
    expect(page).toContain(`- \`${second.name}\` was not played: it takes root.`);
  });

  it('says which command made it', () => {
    expect(page).toContain('`npm run chaos`, 2026-01-02 03:04 UTC');
  });
});

it('draws the same numbers from the same seed, and others from another', () => {
  const draw = (seed: number): readonly number[] => Array.from({ length: 5 }, randomFrom(seed));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});
