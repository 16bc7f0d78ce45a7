import { AppendFile, readAppended, type FileContent } from './append-file';

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

/** The calls of torn lines were never answered. */
export type LedgerContent = FileContent<LedgerEntry>;

/** What was executed, one line for each MemoryAdd, so that a test can count them whatever became of the servers. */
export class Ledger {
  private constructor(private readonly file: AppendFile) {}

  /** Creates the file if it is missing. @throws the error of the file system. */
  static open(path: string): Ledger {
    return new Ledger(AppendFile.open(path));
  }

  /** @throws the error of the file system; the entry then counts as not written. */
  append(entry: LedgerEntry): Promise<void> {
    return this.file.append(JSON.stringify(entry));
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Reads a ledger, also one that is being written or whose writer was killed. @throws the error of the file system. */
export function readLedger(path: string): LedgerContent {
  return readAppended(path, (value) => (isEntry(value) ? value : undefined));
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { id, amount, instance, stamp } = value as Partial<Record<keyof LedgerEntry, unknown>>;
  return [id, instance, stamp].every((text) => typeof text === 'string') && typeof amount === 'number';
}
