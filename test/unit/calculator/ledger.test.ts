import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Ledger, readLedger } from '../../../calculator/ledger';
import type { LedgerEntry } from '../../../calculator/ledger';

const entry = (id: string, amount = 1): LedgerEntry => ({
  id,
  amount,
  instance: 'calculator-1',
  stamp: '2026-01-01T00:00:00.000Z',
});

async function write(path: string, entries: readonly LedgerEntry[]): Promise<void> {
  const ledger = Ledger.open(path);
  await Promise.all(entries.map((one) => ledger.append(one)));
  await ledger.close();
}

describe('the ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  const path = join(folder, 'ledger.jsonl');
  beforeEach(() => rmSync(path, { force: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('holds what was appended, in order, duplicates too, as one JSON line each', async () => {
    const entries = [entry('a', 0.1), entry('b "quoted"\n', -2), entry('a', 0.1)];
    await write(path, entries);
    expect(readLedger(path)).toEqual({ entries, torn: 0 });
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  });

  it('can be read while the writer still has it open', async () => {
    const ledger = Ledger.open(path);
    await ledger.append(entry('a'));
    expect(readLedger(path).entries).toEqual([entry('a')]);
    await ledger.close();
  });

  it('is empty at first and goes on where an earlier process stopped', async () => {
    await write(path, []);
    expect(readLedger(path)).toEqual({ entries: [], torn: 0 });
    await write(path, [entry('a')]);
    await write(path, [entry('b')]);
    expect(readLedger(path).entries.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('counts lines that are not entries as torn', () => {
    writeFileSync(path, '17\nnull\n{"id":"a"}\n');
    appendFileSync(path, `${JSON.stringify(entry('b'))}\n`);
    expect(readLedger(path)).toEqual({ entries: [entry('b')], torn: 3 });
  });

  it('fails clearly for a folder that does not exist', () => {
    expect(() => Ledger.open(join(folder, 'missing', 'ledger'))).toThrow('ENOENT');
  });

  it('loses nothing but the torn entry, wherever a write was cut off, and what comes after it is whole', async () => {
    const anEntry = fc.record({ id: fc.string({ minLength: 1, unit: 'binary' }), amount: fc.integer() });
    await fc.assert(
      fc.asyncProperty(fc.array(anEntry, { minLength: 1, maxLength: 5 }), fc.nat(), anEntry, async (raw, cut, next) => {
        rmSync(path, { force: true });
        const entries = raw.map(({ id, amount }) => entry(id, amount));
        await write(path, entries);
        const bytes = readFileSync(path);
        const length = cut % (bytes.length + 1);
        truncateSync(path, length);

        const ends = entries.map((_, index) => {
          const upTo = entries.slice(0, index + 1).map((one) => JSON.stringify(one));
          return Buffer.byteLength(upTo.join('\n'));
        });
        const whole = entries.filter((_, index) => ends[index]! <= length);
        expect(readLedger(path).entries).toEqual(whole);
        await write(path, [entry(next.id, next.amount)]);
        expect(readLedger(path).entries).toEqual([...whole, entry(next.id, next.amount)]);
        expect(readLedger(path).torn).toBeLessThanOrEqual(1);
      }),
    );
  });
});
