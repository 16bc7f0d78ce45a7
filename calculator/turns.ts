/** Lets things be done one after the other, in the order in which they were asked for. One that fails keeps no other from its turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws what `work` throws */
  take<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
