/**
 * Undoes things in the reverse order of their making, once, however the run ends.
 */
export class Cleanup {
  private readonly steps: (() => void | Promise<void>)[] = [];
  private running: Promise<void> | undefined;

  add(undo: () => void | Promise<void>): void {
    this.steps.push(undo);
  }

  /** Idempotent. One step that fails does not keep the others from running. */
  run(): Promise<void> {
    this.running ??= this.undoAll();
    return this.running;
  }

  private async undoAll(): Promise<void> {
    for (let undo = this.steps.pop(); undo !== undefined; undo = this.steps.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`while cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  }
}
