import { credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, ServiceError } from '@grpc/grpc-js';
import { CALL_ID_KEY } from '../../../core/decide/call-id';
import { newCallId } from '../../../client/call-id';
import { CalculatorClient, calculatorService } from '../../../proto/calculator';
import type { Answer, Answer__Output } from '../../../proto/generated/calculator/v1/Answer';
import type { MemoryAddRequest__Output } from '../../../proto/generated/calculator/v1/MemoryAddRequest';
import { DrainableHealth, deduplicate, MemoryDedupStore, type DeduplicateOptions } from '../../../server/index';
import { checkHealth } from '../../support/health-calls';
import { until } from '../../../scripts/chaos/until';
import { VirtualClock } from '../../support/virtual-clock';

type Call = ServerUnaryCall<MemoryAddRequest__Output, Answer>;
type Handler = (call: Call, done: sendUnaryData<Answer>) => void;

/** A server that counts what it executes. */
class Counter {
  readonly executed: string[] = [];
  handle: Handler = (call, done) => done(null, { value: this.executed.length, instance: call.request.id });
  private server = new Server();
  private client: CalculatorClient | null = null;

  async start(options: Partial<DeduplicateOptions> = {}): Promise<this> {
    this.server = new Server({ interceptors: [deduplicate({ services: [calculatorService], ...options })] });
    this.server.addService(calculatorService, {
      MemoryAdd: (call: Call, done: sendUnaryData<Answer>) => {
        this.executed.push(call.request.id);
        this.handle(call, done);
      },
      Series: (call: ServerWritableStream<unknown, Answer>) => {
        call.write({ value: 1 });
        call.end();
      },
    });
    new DrainableHealth().addToServer(this.server);
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    this.client = new CalculatorClient(`127.0.0.1:${port}`, credentials.createInsecure());
    return this;
  }

  get stub(): CalculatorClient {
    if (this.client === null) throw new Error('start it first');
    return this.client;
  }

  stop(): void {
    this.client?.close();
    this.server.forceShutdown();
  }
}

interface Seen {
  readonly answer: Answer__Output;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

function send(
  server: Counter,
  id: string | null,
  { wish = 'a', repeated = false, signal }: { wish?: string; repeated?: boolean; signal?: AbortSignal } = {},
): Promise<Seen> {
  const metadata = new Metadata();
  if (id !== null) metadata.set(CALL_ID_KEY, id);
  if (repeated) metadata.set('grpc-previous-rpc-attempts', '1');
  return new Promise((resolve, reject) => {
    let headers = new Metadata();
    let trailers = new Metadata();
    let answer: Answer__Output | undefined;
    let failed: ServiceError | null = null;
    const deadline = Date.now() + 5_000;
    const call = server.stub.MemoryAdd({ id: wish, amount: 1 }, metadata, { deadline }, (error, value) => {
      failed = error;
      answer = value;
    });
    signal?.addEventListener('abort', () => call.cancel());
    call.on('metadata', (received) => (headers = received));
    call.on('status', (end) => {
      trailers = end.metadata;
      setImmediate(() => {
        if (answer === undefined) reject(failed ?? new Error('answered with nothing'));
        else resolve({ answer, headers, trailers });
      });
    });
  });
}

let clock: VirtualClock;
let store: MemoryDedupStore;
let servers: Counter[] = [];

/** Ids of calls that are made now, by the clock of the servers. */
const freshId = (): string => newCallId(clock.unixMs());

async function begin(options: Partial<DeduplicateOptions> = {}): Promise<Counter> {
  const server = await new Counter().start({ clock, store, ...options });
  servers.push(server);
  return server;
}

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryDedupStore({ clock, windowMs: 60_000 });
  clock.advance(5_000);
});

afterEach(() => {
  for (const server of servers) server.stop();
  servers = [];
});

describe('a server that deduplicates', () => {
  it('leaves calls without an id alone', async () => {
    const server = await begin();
    await send(server, null);
    await send(server, null);
    expect(server.executed).toEqual(['a', 'a']);
    expect(await checkHealth(server.stub)).toBe('SERVING');
  });

  it('executes a call with an id once, and answers duplicates the same: message, headers and trailers', async () => {
    const server = await begin();
    server.handle = (call, done) => {
      const headers = new Metadata();
      headers.set('begun', 'yes');
      call.sendMetadata(headers);
      const trailers = new Metadata();
      trailers.set('detail-bin', Buffer.from([0, 1, 255]));
      done(null, { value: 7, instance: String(call.metadata.get(CALL_ID_KEY)[0]) }, trailers);
    };
    const id = freshId();
    for (const repeated of [false, true]) {
      const { answer, headers, trailers } = await send(server, id, { repeated });
      expect(answer).toEqual({ value: 7, instance: id });
      expect(headers.get('begun')).toEqual(['yes']);
      expect(trailers.get('detail-bin')).toEqual([Buffer.from([0, 1, 255])]);
    }
    expect(server.executed).toHaveLength(1);
  });

  it('lets duplicates that race with the first wait for its answer', async () => {
    const server = await begin();
    let release = (): void => undefined;
    server.handle = (_call, done) => (release = () => done(null, { value: 9 }));
    const id = freshId();
    const all = Promise.all(Array.from({ length: 5 }, () => send(server, id)));
    await until(() => server.executed.length > 0, { what: 'the first to be executed' });
    const health = await checkHealth(server.stub);
    release();
    expect({ health, values: (await all).map(({ answer }) => answer.value) }).toEqual({
      health: 'SERVING',
      values: [9, 9, 9, 9, 9],
    });
    expect(server.executed).toHaveLength(1);
  });

  it('keeps the answer for a caller that did not wait for it', async () => {
    const server = await begin();
    let release = (): void => undefined;
    server.handle = (_call, done) => (release = () => done(null, { value: 9 }));
    const id = freshId();
    const caller = new AbortController();
    const unheard = Promise.allSettled([send(server, id, caller)]);
    await until(() => server.executed.length === 1, { what: 'the call to be executed' });
    caller.abort();
    expect(await unheard).toMatchObject([{ reason: { code: status.CANCELLED } }]);
    release();
    expect((await send(server, id, { repeated: true })).answer.value).toBe(9);
    expect(server.executed).toHaveLength(1);
  });

  it('answers an error again too, unless it proves that nothing was executed', async () => {
    const server = await begin({ notExecuted: [status.RESOURCE_EXHAUSTED] });
    const failing =
      (code: status): Handler =>
      (_call, done) =>
        done({ code, details: `it is ${status[code]}` });
    const [failed, busy] = [freshId(), freshId()];
    server.handle = failing(status.INTERNAL);
    for (let time = 0; time < 2; time += 1) {
      await expect(send(server, failed)).rejects.toMatchObject({ code: status.INTERNAL, details: 'it is INTERNAL' });
    }
    expect(server.executed).toHaveLength(1);
    server.handle = failing(status.RESOURCE_EXHAUSTED);
    await expect(send(server, busy)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    server.handle = (_call, done) => done(null, { value: 3 });
    expect((await send(server, busy)).answer.value).toBe(3);
  });

  it('answers again for a handler that threw, without asking it again', async () => {
    const server = await begin();
    server.handle = () => {
      throw new Error('a bug');
    };
    const id = freshId();
    for (let time = 0; time < 2; time += 1) {
      await expect(send(server, id)).rejects.toMatchObject({ code: status.UNKNOWN });
    }
    expect(server.executed).toHaveLength(1);
  });

  it('refuses an id that comes with another request', async () => {
    const server = await begin();
    const id = freshId();
    await send(server, id, { wish: 'a' });
    await expect(send(server, id, { wish: 'b' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: `not executed: call id ${id} was used for another request`,
    });
    expect(server.executed).toEqual(['a']);
  });

  it('refuses what is not a call id, and says what one looks like', async () => {
    const server = await begin();
    await expect(send(server, 'order-12')).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('Unix milliseconds, a dash') as string,
    });
    expect(server.executed).toEqual([]);
  });

  it('refuses an id on a stream, which it cannot keep track of, and lets streams without one pass', async () => {
    const server = await begin();
    const open = (metadata: Metadata): Promise<string> =>
      new Promise((resolve) => {
        const stream = server.stub.Series({ from: 1, count: 1 }, metadata);
        stream.on('data', ({ value }: Answer__Output) => resolve(`value ${value}`));
        stream.on('error', (error: ServiceError) => resolve(`${status[error.code]} ${error.details}`));
      });
    const stamped = new Metadata();
    stamped.set(CALL_ID_KEY, freshId());
    expect(await open(stamped)).toMatch(/^UNIMPLEMENTED not executed: .*Series is a stream/);
    expect(await open(new Metadata())).toBe('value 1');
  });

  it('refuses an id on a method that it was not told of', async () => {
    const server = await begin({ services: [] });
    await expect(send(server, freshId())).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
      details: expect.stringContaining('is not deduplicated by this server') as string,
    });
    expect(server.executed).toEqual([]);
  });

  it('refuses a duplicate after the window, and executes new calls', async () => {
    const server = await begin();
    const id = freshId();
    await send(server, id);
    clock.advance(60_000);
    await expect(send(server, id)).rejects.toMatchObject({ code: status.ABORTED });
    await send(server, freshId(), { wish: 'b' });
    expect(server.executed).toEqual(['a', 'b']);
  });

  it('refuses, rather than repeats, what it had to forget because there were too many', async () => {
    const server = await begin({ store: new MemoryDedupStore({ clock, maxEntries: 2 }) });
    clock.advance(5_000);
    const ids = ['a', 'b', 'c'].map((wish) => {
      clock.advance(10);
      return { wish, id: freshId() };
    });
    for (const { wish, id } of ids) await send(server, id, { wish });
    const again = await Promise.allSettled(ids.map(({ wish, id }) => send(server, id, { wish })));
    expect(again.map((end) => (end.status === 'fulfilled' ? 'answered' : (end.reason as ServiceError).code))).toEqual([
      status.ABORTED,
      'answered',
      'answered',
    ]);
    expect(server.executed).toEqual(['a', 'b', 'c']);
  });
});

describe('a server that takes the place of another', () => {
  it('refuses a repetition when the servers do not share their memory', async () => {
    const [first, second] = [await begin(), await begin({ store: new MemoryDedupStore({ clock }) })];
    clock.advance(5_000);
    const id = freshId();
    await send(first, id);
    await expect(send(second, id, { repeated: true })).rejects.toMatchObject({ code: status.ABORTED });
    expect(second.executed).toEqual([]);
  });

  it('does not execute what its predecessor may have executed before it was started', async () => {
    const id = freshId();
    const successor = await begin({ store: new MemoryDedupStore({ clock }) });
    await expect(send(successor, id)).rejects.toMatchObject({ code: status.ABORTED });
    expect(successor.executed).toEqual([]);
  });
});
