import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { calculatorService } from '../proto/calculator';
import type { Answer, CallId, Claim, DedupStore } from '../server/index';
import { readLedger } from './ledger';

/** Who may execute a call. */
interface Holder {
  readonly fingerprint: string;
  readonly pid: number;
  readonly ledger: string;
}

type Written = Omit<Answer, 'message'> & { readonly message: string | null; readonly fingerprint: string };

/**
 * Call ids in a folder that the calculators of one machine share; it survives `kill -9` of any of them. A MemoryAdd and
 * its call id are one line of its calculator's ledger, so that what a dead calculator had executed can be told: its call
 * is answered from the ledger, or may be executed by another. It never takes a call from a calculator that lives, also
 * if that hangs. An example: it never cleans up, and knows a process by its pid alone.
 */
export class SharedCalls implements DedupStore {
  readonly shared = true;
  /** Which claim of a call is ours. */
  readonly #mine = new Map<string, { readonly path: string; readonly fingerprint: string }>();
  #temporary = 0;

  /** @param ledger the own one, where each executed MemoryAdd is written down before it is settled */
  constructor(
    private readonly folder: string,
    private readonly ledger: string,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  /** The first to write `<id>.0` holds the call; when it died without a result, the first to write `<id>.1`, and so on. */
  claim(id: CallId, fingerprint: string): Promise<Claim> {
    return settled(() => {
      for (let turn = 0; ;) {
        const path = join(this.folder, `${id.text}.${turn}`);
        const me: Holder = { fingerprint, pid: process.pid, ledger: this.ledger };
        if (!existsSync(path) && this.create(path, me)) {
          this.#mine.set(id.text, { path, fingerprint });
          return { state: 'mine' };
        }
        const holder = readJson(path) as Holder | undefined;
        // Released meanwhile: the same turn again, or two could hold the call.
        if (holder === undefined) continue;
        const isAlive = lives(holder.pid);
        const answer = this.answered(id) ?? (isAlive ? undefined : executed(id, holder));
        if (answer !== undefined) return { state: 'answered', ...answer };
        if (isAlive) return { state: 'held', fingerprint: holder.fingerprint };
        turn += 1;
      }
    });
  }

  settle(id: CallId, { message, ...rest }: Answer): Promise<void> {
    return settled(() => {
      const mine = this.#mine.get(id.text);
      if (mine === undefined) return;
      const text = message === null ? null : Buffer.from(message).toString('base64');
      const answer: Written = { ...rest, message: text, fingerprint: mine.fingerprint };
      renameSync(this.write(answer), join(this.folder, `${id.text}.answer`));
      this.#mine.delete(id.text);
    });
  }

  release(id: CallId): Promise<void> {
    return settled(() => {
      const mine = this.#mine.get(id.text);
      if (mine !== undefined) rmSync(mine.path);
      this.#mine.delete(id.text);
    });
  }

  private answered(id: CallId): { fingerprint: string; answer: Answer } | undefined {
    const written = readJson(join(this.folder, `${id.text}.answer`)) as Written | undefined;
    if (written === undefined) return undefined;
    const { fingerprint, message, ...rest } = written;
    return { fingerprint, answer: { ...rest, message: message === null ? null : Buffer.from(message, 'base64') } };
  }

  /** Whole or not at all, and only one of all who try. */
  private create(path: string, content: object): boolean {
    const temporary = this.write(content);
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(temporary);
    }
  }

  private write(content: object): string {
    this.#temporary += 1;
    const path = join(this.folder, `.${process.pid}-${this.#temporary}`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }
}

/** What the ledger of a dead calculator says of the call; nothing can be added to it any more. */
function executed(id: CallId, { fingerprint, ledger }: Holder): { fingerprint: string; answer: Answer } | undefined {
  const entry = existsSync(ledger) ? readLedger(ledger).entries.find(({ call }) => call === id.text) : undefined;
  if (entry === undefined) return undefined;
  const { value = 0, instance } = entry;
  const message = calculatorService.MemoryAdd.responseSerialize({ value, instance });
  return { fingerprint, answer: { code: status.OK, details: 'OK', message, headers: {}, trailers: {} } };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined where there is no such file. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The result as a promise, an exception as a rejection. */
function settled<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
