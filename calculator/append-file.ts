import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

const NEWLINE = 0x0a;

/**
 * An append-only file of JSON lines. A line has been handed to the operating system when `append` returns, so it survives
 * `kill -9` of this process (not a power failure: there is no fsync). It never rewrites: what a dead predecessor left half
 * written stays, closed off by a newline.
 */
export class AppendFile {
  #sealed = true;

  private constructor(private readonly file: number) {}

  /** Creates the file if it is missing. @throws the error of the file system. */
  static open(path: string): AppendFile {
    const opened = new AppendFile(openSync(path, 'a+'));
    opened.#sealed = endsWithNewline(opened.file);
    return opened;
  }

  /** @throws the error of the file system; the value then counts as not written. */
  append(value: object): void {
    const line = Buffer.from(`${this.#sealed ? '' : '\n'}${JSON.stringify(value)}\n`);
    this.#sealed = false;
    for (let written = 0; written < line.length;) written += writeSync(this.file, line, written);
    this.#sealed = true;
  }

  close(): void {
    closeSync(this.file);
  }
}

export interface FileContent<T> {
  readonly entries: readonly T[];
  /** Lines that are no entries, because they were never completely written. */
  readonly torn: number;
}

/** Reads such a file, also one that is being written or whose writer was killed. @throws the error of the file system. */
export function readAppended<T>(path: string, entryOf: (value: unknown) => T | undefined): FileContent<T> {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const entries = lines.map((line) => entryOf(parsed(line))).filter((entry) => entry !== undefined);
  return { entries, torn: lines.length - entries.length };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function endsWithNewline(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size === 0 || readSync(file, last, 0, 1, size - 1) === 0 || last[0] === NEWLINE;
}
