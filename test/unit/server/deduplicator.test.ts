import { status } from '@grpc/grpc-js';
import { formatCallId, parseCallId, type CallId } from '../../../core/decide/call-id';
import { Deduplicator, type Admission } from '../../../server/deduplicator';
import type { Answer, Claim, DedupStore } from '../../../server/dedup-store';
import { MemoryDedupStore } from '../../../server/memory-dedup-store';
import { VirtualClock } from '../../support/virtual-clock';

const ANSWER: Answer = { code: status.OK, details: '', message: new Uint8Array([1]), headers: {}, trailers: {} };

let clock: VirtualClock;

/** The memory of several servers. */
class SharedStore implements DedupStore {
  readonly shared = true;
  broken = false;
  private readonly inner = new MemoryDedupStore({ clock });

  claim(id: CallId, fingerprint: string): Promise<Claim> {
    return this.broken ? Promise.reject(new Error('it is down')) : this.inner.claim(id, fingerprint);
  }

  settle(id: CallId, answer: Answer): Promise<void> {
    return this.broken ? Promise.reject(new Error('it is down')) : this.inner.settle(id, answer);
  }

  release(id: CallId): Promise<void> {
    return this.inner.release(id);
  }
}

const newId = (name: string): CallId => parseCallId(formatCallId(clock.unixMs(), name.padEnd(16, '-')))!;

/** Asks, and shows what was decided as soon as it is. */
function ask(
  server: Deduplicator,
  id: CallId,
  { fingerprint = 'f', repeated = false, gone = new AbortController() } = {},
): { decided: Admission | null; promise: Promise<Admission> } {
  const promise = server.admit({ id, fingerprint, repeated }, gone.signal);
  const asked: ReturnType<typeof ask> = { decided: null, promise };
  void promise.then((admission) => (asked.decided = admission));
  return asked;
}

beforeEach(() => {
  clock = new VirtualClock();
});

describe('one server with its own memory', () => {
  let server: Deduplicator;
  beforeEach(() => {
    server = new Deduplicator(new MemoryDedupStore({ clock, windowMs: 60_000 }), clock);
    clock.advance(5_000);
  });

  it('executes a call once, and answers a later duplicate as before', async () => {
    const id = newId('a');
    expect(await ask(server, id).promise).toEqual({ kind: 'execute' });
    await server.settle(id, ANSWER);
    expect(await ask(server, id, { repeated: true }).promise).toEqual({ kind: 'replay', answer: ANSWER });
  });

  it('lets duplicates wait for the one under way, however many and however early', async () => {
    const id = newId('a');
    const asked = Array.from({ length: 5 }, () => ask(server, id));
    await clock.advanceAsync(10_000);
    expect(asked.map(({ decided }) => decided?.kind)).toEqual(['execute', undefined, undefined, undefined, undefined]);
    await server.settle(id, ANSWER);
    expect((await Promise.all(asked.map(({ promise }) => promise))).slice(1)).toEqual(
      Array.from({ length: 4 }, () => ({ kind: 'replay', answer: ANSWER })),
    );
  });

  it('lets one of the waiting execute it when it turned out that it was not executed', async () => {
    const id = newId('a');
    const asked = Array.from({ length: 3 }, () => ask(server, id));
    await asked[0]!.promise;
    await server.release(id);
    await clock.advanceAsync(0);
    expect(asked.map(({ decided }) => decided?.kind)).toEqual(['execute', 'execute', undefined]);
    await server.settle(id, ANSWER);
    expect(await asked[2]!.promise).toMatchObject({ kind: 'replay' });
  });

  it('lets a duplicate whose caller has gone go too, and one that was never begun be executed later', async () => {
    const id = newId('a');
    const gone = new AbortController();
    await ask(server, id).promise;
    const waiting = ask(server, id, { gone });
    gone.abort();
    expect(await waiting.promise).toEqual({ kind: 'gone' });

    const other = newId('b');
    const early = ask(server, other, { gone: goneSoon() });
    expect(await early.promise).toEqual({ kind: 'gone' });
    expect(await ask(server, other).promise).toEqual({ kind: 'execute' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('refuses an id that was used for another request, running or answered', async () => {
    const id = newId('a');
    await ask(server, id).promise;
    const refused = {
      kind: 'refuse',
      code: 'INVALID_ARGUMENT',
      details: expect.stringContaining('another request') as string,
    };
    expect(await ask(server, id, { fingerprint: 'g' }).promise).toEqual(refused);
    await server.settle(id, ANSWER);
    expect(await ask(server, id, { fingerprint: 'g' }).promise).toEqual(refused);
  });

  it('refuses a repetition that it does not know: another server may have executed it', async () => {
    const id = newId('a');
    expect(await ask(server, id, { repeated: true }).promise).toEqual({
      kind: 'refuse',
      code: 'ABORTED',
      details: `nobody can tell whether call ${id.text} was executed: it is a repetition, this server does not know it, and servers do not share their call ids`,
    });
  });

  it('refuses what it may have forgotten', async () => {
    const id = newId('a');
    await ask(server, id).promise;
    await server.settle(id, ANSWER);
    await clock.advanceAsync(60_000);
    expect(await ask(server, id).promise).toMatchObject({ kind: 'refuse', code: 'ABORTED' });
  });

  it('refuses for a second after its start what a predecessor may have executed, if clocks differ by that much', async () => {
    const id = newId('a');
    const successor = new Deduplicator(new MemoryDedupStore({ clock }), clock);
    expect(await ask(successor, id).promise).toMatchObject({ kind: 'refuse', code: 'ABORTED' });
    clock.advance(1_001);
    expect(await ask(successor, newId('b')).promise).toEqual({ kind: 'execute' });
  });
});

describe('two servers with a shared store', () => {
  let store: SharedStore;
  let one: Deduplicator;
  let other: Deduplicator;
  beforeEach(() => {
    store = new SharedStore();
    one = new Deduplicator(store, clock);
    other = new Deduplicator(store, clock);
    clock.advance(5_000);
  });

  it('answer a repetition at the other as the first answered', async () => {
    const id = newId('a');
    await ask(one, id).promise;
    await one.settle(id, ANSWER);
    expect(await ask(other, id, { repeated: true }).promise).toEqual({ kind: 'replay', answer: ANSWER });
  });

  it('let a duplicate at the other wait until the first has answered', async () => {
    const id = newId('a');
    await ask(one, id).promise;
    const duplicate = ask(other, id, { repeated: true });
    await clock.advanceAsync(60_000);
    expect(duplicate.decided).toBeNull();
    await one.settle(id, ANSWER);
    await clock.advanceAsync(100);
    expect(duplicate.decided).toEqual({ kind: 'replay', answer: ANSWER });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('execute a repetition whose first attempt never arrived', async () => {
    expect(await ask(other, newId('a'), { repeated: true }).promise).toEqual({ kind: 'execute' });
  });

  it('execute nothing while the store does not answer, and say that they did not', async () => {
    const id = newId('a');
    store.broken = true;
    expect(await ask(one, id).promise).toEqual({
      kind: 'refuse',
      code: 'UNAVAILABLE',
      details: 'not executed: the store of call ids cannot be asked: it is down',
    });
    store.broken = false;
    expect(await ask(other, id, { repeated: true }).promise).toEqual({ kind: 'execute' });
  });

  it('do not execute again what could not be written down, but who waits for it is answered', async () => {
    const id = newId('a');
    await ask(one, id).promise;
    const here = ask(one, id);
    const there = ask(other, id);
    await clock.advanceAsync(0);
    store.broken = true;
    await one.settle(id, ANSWER);
    store.broken = false;
    expect(await here.promise).toEqual({ kind: 'replay', answer: ANSWER });
    await clock.advanceAsync(60_000);
    expect(there.decided).toBeNull();
  });
});

/** A caller that goes while the store is asked. */
function goneSoon(): AbortController {
  const gone = new AbortController();
  queueMicrotask(() => gone.abort());
  return gone;
}
