import { closeSync, fstatSync, openSync, readFileSync, readSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { Turns } from './turns';

const NEWLINE = 0x0a;
const writeSome = promisify(write);

/**
 * An append-only file of lines. One has been handed to the operating system when `append` resolves, so it survives
 * `kill -9` of this process (not a power failure: there is no fsync). A busy disk keeps those waiting who append, and nobody
 * else. It never rewrites: what a dead predecessor left half written stays, closed off by a newline.
 */
export class AppendFile {
  #sealed = true;
  readonly #writes = new Turns();

  private constructor(private readonly file: number) {}

  /** Creates the file if it is missing. @throws the error of the file system. */
  static open(path: string): AppendFile {
    const opened = new AppendFile(openSync(path, 'a+'));
    opened.#sealed = endsWithNewline(opened.file);
    return opened;
  }

  /** Lines stand in the order of these calls. @throws the error of the file system; the line then counts as not written. */
  append(line: string): Promise<void> {
    return this.#writes.take(() => this.write(line));
  }

  /** When what was appended is written. */
  close(): Promise<void> {
    return this.#writes.take(() => closeSync(this.file));
  }

  private async write(line: string): Promise<void> {
    const bytes = Buffer.from(`${this.#sealed ? '' : '\n'}${line}\n`);
    this.#sealed = false;
    for (let done = 0; done < bytes.length;) done += (await writeSome(this.file, bytes, done)).bytesWritten;
    this.#sealed = true;
  }
}

export interface FileContent<T> {
  readonly entries: readonly T[];
  /** Lines that are no entries, because they were never completely written. */
  readonly torn: number;
}

/**
 * Reads such a file of JSON lines, also one that is being written or whose writer was killed.
 *
 * @throws the error of the file system
 */
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
