import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/** One executed MemoryAdd. */
export interface LedgerEntry {
  readonly id: string;
  readonly amount: number;
  readonly instance: string;
  /** When, ISO 8601. */
  readonly stamp: string;
  /** The memory of the instance after it. */
  readonly value?: number;
  /** Id of the call, if it came with one. */
  readonly call?: string;
}

export interface LedgerContent {
  readonly entries: readonly LedgerEntry[];
  /** Lines that were never completely written. Their calls were never answered. */
  readonly torn: number;
}

const NEWLINE = 0x0a;

/**
 * An append-only file, one JSON line per executed MemoryAdd. A line has been handed to the operating system when
 * `append` returns, so it survives `kill -9` of this process (not a power failure: there is no fsync). It never
 * rewrites: what a dead predecessor left half written stays, closed off by a newline.
 */
export class Ledger {
  #sealed = true;

  private constructor(private readonly file: number) {}

  /** Creates the file if it is missing. @throws the error of the file system. */
  static open(path: string): Ledger {
    const ledger = new Ledger(openSync(path, 'a+'));
    ledger.#sealed = endsWithNewline(ledger.file);
    return ledger;
  }

  /** @throws the error of the file system; the entry then counts as not written. */
  append(entry: LedgerEntry): void {
    const line = Buffer.from(`${this.#sealed ? '' : '\n'}${JSON.stringify(entry)}\n`);
    this.#sealed = false;
    for (let written = 0; written < line.length;) written += writeSync(this.file, line, written);
    this.#sealed = true;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Reads a ledger, also one that is being written or whose writer was killed. @throws the error of the file system. */
export function readLedger(path: string): LedgerContent {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const entries = lines.map(parseEntry).filter((entry) => entry !== undefined);
  return { entries, torn: lines.length - entries.length };
}

function parseEntry(line: string): LedgerEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEntry(value) ? value : undefined;
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { id, amount, instance, stamp } = value as Partial<Record<keyof LedgerEntry, unknown>>;
  return [id, instance, stamp].every((text) => typeof text === 'string') && typeof amount === 'number';
}

function endsWithNewline(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size === 0 || readSync(file, last, 0, 1, size - 1) === 0 || last[0] === NEWLINE;
}
