/**
 * The journal as files in a folder: one that is written, `<agent>.jsonl`, and the full ones before it. A line has been
 * handed to the operating system when `append` returns, so it survives `kill -9`; the end of an incident is brought to the
 * disk as well. A disk that is full never stops the agent: it is said, and the newest records stay in memory.
 */
import {
  closeSync,
  fstatSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncidentRecord } from '../../core/domain/incident-record';
import { asError } from '../deadline';
import type { Journal } from '../ports';
import { journalLine, parseJournalLine, redacted } from './journal-line';

export interface FileJournalOptions {
  readonly folder: string;
  /** The agent's stable id: agents may share a folder. */
  readonly agent: string;
  /** A file is full when it is larger, bytes. */
  readonly fileSize: number;
  /** So many files are kept, the one that is written among them; at least 2. */
  readonly files: number;
  readonly secrets: readonly string[];
  /** The journal cannot be written; undefined: it can again. */
  readonly onTrouble: (why: string | undefined) => void;
}

const NEWLINE = 0x0a;
const DIGITS = 9;
/** No agent's name holds a tilde: no full file of one is the file of another. */
const FULL = new RegExp(`^~\\d{${DIGITS}}\\.jsonl$`);
/** Records that could not be written and are kept in memory. */
const MOST_UNWRITTEN = 1000;

export class FileJournal implements Journal {
  private file: number | undefined;
  private size = 0;
  private sealed = true;
  private unwritten: IncidentRecord[] = [];
  private readonly syncs = new Set<Promise<void>>();

  constructor(private readonly options: FileJournalOptions) {}

  get description(): string {
    return `journal ${this.path()}`;
  }

  append(record: IncidentRecord): void {
    try {
      for (let [late] = this.unwritten; late !== undefined; [late] = this.unwritten) {
        this.write(late);
        this.unwritten = this.unwritten.slice(1);
      }
      this.write(record);
      this.options.onTrouble(undefined);
    } catch (error) {
      this.unwritten = [...this.unwritten, redacted(record, this.options.secrets)].slice(-MOST_UNWRITTEN);
      this.options.onTrouble(asError(error).message);
    }
  }

  /** Everything that is kept, oldest first; what was never wholly written is left out. */
  async read(): Promise<readonly IncidentRecord[]> {
    const { folder, agent } = this.options;
    const names = [...this.fullFiles(), `${agent}.jsonl`];
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
    const written = texts.flatMap((text) => text.split('\n')).map(parseJournalLine);
    return [...written.filter((record) => record !== undefined), ...this.unwritten];
  }

  /** Removes full files whose last record is older than that. @returns how many; rejects never */
  forget(beforeUnixMs: number): number {
    const { folder, onTrouble } = this.options;
    const old = this.fullFiles().filter((name) => {
      const { mtimeMs } = statSync(join(folder, name), { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
      return mtimeMs < beforeUnixMs;
    });
    try {
      for (const name of old) rmSync(join(folder, name), { force: true });
    } catch (error) {
      onTrouble(asError(error).message);
    }
    return old.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.syncs);
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private write(record: IncidentRecord): void {
    const file = this.opened();
    const line = Buffer.from(`${this.sealed ? '' : '\n'}${journalLine(record, this.options.secrets)}\n`);
    this.sealed = false;
    for (let written = 0; written < line.length;) written += writeSync(file, line, written);
    this.sealed = true;
    this.size += line.length;
    if (record.kind === 'closed') void this.sync(file);
  }

  private opened(): number {
    if (this.file !== undefined && this.size < this.options.fileSize) return this.file;
    if (this.file !== undefined) this.rotate(this.file);
    mkdirSync(this.options.folder, { recursive: true, mode: 0o750 });
    this.file = openSync(this.path(), 'a+', 0o640);
    this.size = fstatSync(this.file).size;
    this.sealed = endsWithNewline(this.file, this.size);
    return this.file;
  }

  private rotate(file: number): void {
    const { folder, agent, files } = this.options;
    // A file is closed only when its last incident is on the disk: a sync that comes later would find another file.
    void this.sync(file).then(() => closeSync(file));
    this.file = undefined;
    const full = this.fullFiles();
    const next = Number(full.at(-1)?.slice(agent.length + 1, agent.length + 1 + DIGITS) ?? 0) + 1;
    renameSync(this.path(), join(folder, `${agent}~${String(next).padStart(DIGITS, '0')}.jsonl`));
    for (const name of this.fullFiles().slice(0, 1 - files)) rmSync(join(folder, name), { force: true });
  }

  private sync(file: number): Promise<void> {
    const done = new Promise<void>((resolve) => {
      fsync(file, (error) => {
        if (error) this.options.onTrouble(error.message);
        this.syncs.delete(done);
        resolve();
      });
    });
    this.syncs.add(done);
    return done;
  }

  private path(): string {
    return join(this.options.folder, `${this.options.agent}.jsonl`);
  }

  /** Names of the files of this agent that are full, oldest first. */
  private fullFiles(): readonly string[] {
    const { folder, agent } = this.options;
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith(agent) && FULL.test(name.slice(agent.length)))
        .sort();
    } catch {
      // No folder yet, no files.
      return [];
    }
  }
}

function endsWithNewline(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size === 0 || readSync(file, last, 0, 1, size - 1) === 0 || last[0] === NEWLINE;
}
