import { AppendFile, readAppended } from './append-file';

/** What was done to the memory: added, or, with null, cleared. */
interface MemoryStep {
  readonly add: number | null;
}

/**
 * Keeps the memory of the calculator through its death: every change is one line before it is executed, and a new process
 * plays them again in their order, so that it comes to the same number, bit by bit. A line that was cut had no answer.
 */
export class MemoryFile {
  private constructor(
    private readonly file: AppendFile,
    /** What the file amounts to. */
    readonly value: number,
  ) {}

  /** Creates the file if it is missing. @throws the error of the file system. */
  static open(path: string): MemoryFile {
    const file = AppendFile.open(path);
    const { entries } = readAppended(path, stepOf);
    return new MemoryFile(
      file,
      entries.reduce((value, { add }) => (add === null ? 0 : value + add), 0),
    );
  }

  /** @throws the error of the file system; the change must then not be executed. */
  add(amount: number): Promise<void> {
    return this.append({ add: amount });
  }

  /** @throws the error of the file system; the change must then not be executed. */
  clear(): Promise<void> {
    return this.append({ add: null });
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private append(step: MemoryStep): Promise<void> {
    return this.file.append(JSON.stringify(step));
  }
}

function stepOf(value: unknown): MemoryStep | undefined {
  if (typeof value !== 'object' || value === null || !('add' in value)) return undefined;
  const { add } = value;
  return add === null || typeof add === 'number' ? { add } : undefined;
}
