import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FileJournal, type FileJournalOptions } from '../../../../agent/journal/file-journal';
import { journalLine, parseJournalLine } from '../../../../agent/journal/journal-line';
import { MemoryJournal } from '../../../../agent/journal/memory-journal';
import { openJournal, takeUp } from '../../../../agent/journal/open-journal';
import { foldIncidents, type IncidentRecord } from '../../../../core/domain/incident-record';
import { VirtualClock } from '../../../support/virtual-clock';
import { buildConfig } from '../../../../agent/config';
import { parseConfig } from '../../../../agent/config-source';

const record = (seq: number, change: Partial<IncidentRecord> = {}): IncidentRecord => ({
  incident: 'calculator-1-x',
  seq,
  kind: seq === 1 ? 'detected' : 'note',
  atUnixMs: 1000 + seq,
  afterMs: seq,
  service: 'calculator',
  instance: 'calculator-1',
  agent: 'a',
  source: 'probe',
  sentence: `step ${seq}`,
  ...change,
});

describe('a line of the journal', () => {
  it('reads back to the same record', () => {
    const full = record(3, {
      action: 'exec',
      attempt: 2,
      ok: false,
      tookMs: 12.5,
      pid: 7,
      output: 'a\nb "c"',
      outcome: 'recovered',
    });
    expect(journalLine(full)).not.toContain('\n');
    expect(parseJournalLine(journalLine(full))).toEqual(full);
  });

  it('holds nothing but what is listed, and no secret', () => {
    const leaky = { ...record(1, { output: 'token=s3cr3t-value' }), payload: { left: 1 }, headers: 'x' };
    const line = journalLine(leaky, ['s3cr3t-value', '', 'ab']);
    expect(line).not.toMatch(/payload|headers|s3cr3t/);
    expect(line).toContain('token=[secret]');
  });

  it('is bounded, and keeps the end of what is too long', () => {
    const line = journalLine(record(1, { output: `${'x'.repeat(100_000)}the end` }));
    expect(line.length).toBeLessThan(5000);
    expect(parseJournalLine(line)?.output).toMatch(/^…x+the end$/);
  });

  it.each([
    ['nothing', ''],
    ['a number', '17'],
    ['another version', journalLine(record(1)).replace('"v":1', '"v":2')],
    ['a word that is not known', journalLine(record(1)).replace('"detected"', '"guessed"')],
    ['a missing field', '{"v":1,"incident":"x"}'],
    ['a field of another type', journalLine(record(1)).replace('"seq":1', '"seq":"1"')],
  ])('is no record when it is %s', (_name, line) => expect(parseJournalLine(line)).toBeUndefined());
});

describe('the journal in a folder', () => {
  let folder: string;
  const troubles: (string | undefined)[] = [];
  const open = (change: Partial<FileJournalOptions> = {}): FileJournal =>
    new FileJournal({
      ...{ folder: join(folder, 'deep', 'journal'), agent: 'host.a', fileSize: 1e6, files: 3, secrets: [] },
      onTrouble: (why) => void troubles.push(why),
      ...change,
    });
  const path = (): string => join(folder, 'deep', 'journal', 'host.a.jsonl');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    troubles.splice(0);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes its folder, and is read by the next run', async () => {
    const first = open();
    first.append(record(1));
    await first.close();
    const second = open();
    second.append(record(2));
    expect(await second.read()).toEqual([record(1), record(2)]);
    await second.close();
    await second.close();
  });

  it('has nothing to say before the first fault, and writes nothing then', async () => {
    const journal = open();
    expect(await journal.read()).toEqual([]);
    await journal.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('loses nothing but the record that was cut, wherever its writer was killed, and what comes after is whole', async () => {
    const sentences = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sentences, fc.nat(), async (words, cut) => {
        rmSync(path(), { force: true });
        const records = words.map((sentence, index) =>
          record(index + 1, { sentence: Buffer.from(sentence).toString() }),
        );
        const first = open();
        for (const one of records) first.append(one);
        await first.close();
        const bytes = readFileSync(path());
        const length = cut % (bytes.length + 1);
        truncateSync(path(), length);
        const lines = records.map((one) => Buffer.byteLength(journalLine(one)));
        const ends = lines.map((_, index) => lines.slice(0, index + 1).reduce((sum, bytes) => sum + bytes + 1, -1));
        const whole = records.filter((_, index) => ends[index]! <= length);
        const second = open();
        expect(await second.read()).toEqual(whole);
        second.append(record(99));
        expect(await second.read()).toEqual([...whole, record(99)]);
        await second.close();
      }),
      { numRuns: 200 },
    );
  });

  it('begins a new file when one is full, and keeps so many and no more', async () => {
    const journal = open({ fileSize: 1000 });
    for (let seq = 1; seq <= 100; seq++) journal.append(record(seq));
    const kept = await journal.read();
    expect(readdirSync(join(folder, 'deep', 'journal'))).toHaveLength(3);
    expect(kept.at(-1)).toEqual(record(100));
    expect(kept.map(({ seq }) => seq)).toEqual(kept.map((_, index) => 101 - kept.length + index));
    await journal.close();
  });

  it('leaves the files of other agents alone', async () => {
    const other = open({ agent: 'host.a.0', fileSize: 300 });
    const journal = open({ fileSize: 300 });
    for (let seq = 1; seq <= 20; seq++) {
      journal.append(record(seq));
      other.append(record(seq, { agent: 'b' }));
    }
    expect((await journal.read()).every(({ agent }) => agent === 'a')).toBe(true);
    expect((await other.read()).every(({ agent }) => agent === 'b')).toBe(true);
    await Promise.all([journal.close(), other.close()]);
  });

  it('does not fail where it cannot write: it says so, remembers, and writes it down later', async () => {
    writeFileSync(join(folder, 'deep'), 'a file stands in the way');
    const journal = open();
    journal.append(record(1));
    journal.append(record(2));
    expect(troubles).toEqual([expect.stringContaining('ENOTDIR'), expect.stringContaining('ENOTDIR')]);
    expect(await journal.read()).toEqual([record(1), record(2)]);
    rmSync(join(folder, 'deep'));
    journal.append(record(3));
    expect(troubles.at(-1)).toBeUndefined();
    expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(4);
    await journal.close();
  });
});

describe('what an earlier run left', () => {
  const config = (journal = '') =>
    buildConfig({
      source: parseConfig(
        `{ agent: { id: a }, registry: { token: t0ken-of-consul }, ${journal} services: [{ name: calculator, id: calculator-1, address: h, port: 1 }] }`,
        'agent.yaml',
      ),
      overrides: [],
      hostname: 'host',
      supervises: false,
      isCron: () => true,
      registryFaults: () => [],
    });

  it('is taken up when the instance is still looked after, and closed when not', async () => {
    const journal = new MemoryJournal();
    journal.append(record(1));
    journal.append(record(1, { incident: 'gone-x', instance: 'gone' }));
    journal.append(record(1, { incident: 'calculator-1-w', atUnixMs: 5 }));
    const left = await takeUp(journal, config(), new VirtualClock());
    expect(left.map(({ id }) => id)).toEqual(['calculator-1-x']);
    const closed = foldIncidents(await journal.read()).filter(({ outcome }) => outcome === 'abandoned');
    expect(closed.map(({ id }) => id).sort()).toEqual(['calculator-1-w', 'gone-x']);
  });

  it('stands where the configuration or systemd says, and in memory otherwise', () => {
    const ports = { clock: new VirtualClock(), log: { write: () => undefined } };
    const described = (journal: string, env: NodeJS.ProcessEnv): string =>
      openJournal(config(journal), { ...ports, env }).description;
    expect(described('', {})).toContain('in memory');
    expect(described('', { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' })).toBe('journal /var/lib/a/a.jsonl');
    expect(described('journal: { folder: /j },', { STATE_DIRECTORY: '/var/lib/a' })).toBe('journal /j/a.jsonl');
  });

  it('never holds the token of the registry', async () => {
    const journal = openJournal(config(), { clock: new VirtualClock(), log: { write: () => undefined }, env: {} });
    journal.append(record(1, { sentence: 'refused t0ken-of-consul' }));
    expect((await journal.read())[0]?.sentence).toBe('refused [secret]');
  });
});

it('forgets full files that are old, and never the one that is being written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-journal-'));
  const options = { folder, agent: 'a', fileSize: 1, files: 10, secrets: [], onTrouble: () => undefined };
  const journal = new FileJournal(options);
  for (const seq of [1, 2, 3]) journal.append(record(seq));
  const old = new Date(1_000_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
  expect(journal.forget(old.getTime())).toBe(0);
  expect(journal.forget(old.getTime() + 1)).toBe(2);
  expect((await journal.read()).map(({ seq }) => seq)).toEqual([3]);
  await journal.close();
  rmSync(folder, { recursive: true });
});
