import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connectivityState, status } from '@grpc/grpc-js';
import { calculatorService, faultsService } from '../../proto/calculator';
import { startCalculator } from '../../scripts/chaos/calculator-process';
import type { CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { watchHealth } from '../support/health-calls';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

const { Add } = calculatorService;
const { GetFault } = faultsService;
const SUM = { left: 2, right: 3 };

describe('a Calculator that is told to stop', () => {
  let calculator: CalculatorProcess;
  const start = async (...args: readonly string[]): Promise<CalculatorProcess> => {
    calculator = await startCalculator({ instance: 'calculator-1', allowFaults: true, args });
    return calculator;
  };
  afterEach(() => calculator.stop());

  it.each(['SIGTERM', 'SIGINT'] as const)('goes politely on %s when nobody calls', async (signal) => {
    const { signal: send, exited, events } = await start('--drain-grace-ms', '0');
    send(signal);
    expect(await exited).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(events.map(({ event }) => event)).toEqual(['listening', 'draining', 'stopped']);
    expect(events.at(1)).toMatchObject({ signal });
    expect(events.at(2)).toMatchObject({ drained: true });
  });

  it('says NOT_SERVING first and still answers, then closes, and open watches do not hold it up', async () => {
    const { client: newClient, signal, exited, event } = await start('--drain-grace-ms', '2000');
    const client = newClient();
    const watches = ['', 'calculator.v1.Calculator', 'unknown'].map((name) => watchHealth(client, name));
    await until(() => watches.every(({ seen }) => seen.length === 1), { what: 'the first statuses' });

    signal('SIGTERM');
    await until(() => watches[1]!.seen.length === 2, { what: 'NOT_SERVING' });
    expect(watches.map(({ seen }) => seen)).toEqual([
      ['SERVING', 'NOT_SERVING'],
      ['SERVING', 'NOT_SERVING'],
      ['SERVICE_UNKNOWN'],
    ]);
    expect(client.getChannel().getConnectivityState(false)).toBe(connectivityState.READY);
    expect(await unary(client, Add, SUM)).toMatchObject({ value: 5 });

    for (const { ended } of watches) {
      expect(await ended).toMatchObject({
        code: status.UNAVAILABLE,
        details: 'this server is shutting down: watch another one',
      });
    }
    expect(await exited).toMatchObject({ code: 0 });
    // Had the watches held it up, its time would have run out, and it would say so.
    expect(await event('stopped')).toMatchObject({ drained: true });
  });

  it('lets calls in flight finish and loses none', async () => {
    const { client, signal, exited } = await start('--service-time-ms', '600', '--drain-grace-ms', '0');
    const caller = client();
    const calls = Array.from({ length: 20 }, (_, left) => unary(caller, Add, { left, right: 0 }));
    // The server reads the calls of a connection in order: when it answers a health check, it has read those before.
    const watch = watchHealth(caller);
    await until(() => watch.seen.length > 0, { what: 'the first status' });
    signal('SIGTERM');
    const answers = await Promise.all(calls);
    expect(answers.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, left) => left));
    expect(await exited).toMatchObject({ code: 0 });
  });

  it('cuts a call that is never answered when its time is over, and says so', async () => {
    const { client, signal, exited, event, setFault } = await start(
      ...['--drain-grace-ms', '50', '--drain-timeout-ms', '400'],
    );
    const caller = client();
    await unary(caller, Add, SUM);
    await setFault({ kind: 'HANG' });
    const hung = Promise.allSettled([unary(caller, Add, SUM, 20_000)]);
    // Faults are read after the call on the same connection, and always answered.
    await unary(caller, GetFault, {});
    signal('SIGTERM');
    expect(await exited).toMatchObject({ code: 1, signal: null });
    expect(await event('stopped')).toMatchObject({
      drained: false,
      reason: 'calls and connections were cut: still open after 400 ms',
    });
    expect(await hung).toMatchObject([{ status: 'rejected', reason: { code: status.CANCELLED } }]);
  });

  it('stops at once on a second signal', async () => {
    const { signal, exited, event } = await start('--drain-grace-ms', '60000', '--drain-timeout-ms', '90000');
    signal('SIGTERM');
    await event('draining');
    const again = setInterval(() => signal('SIGTERM'), 100);
    expect(await exited).toMatchObject({ code: 1, signal: null });
    clearInterval(again);
    expect(await event('stopped')).toMatchObject({ reason: 'calls and connections were cut: told to stop at once' });
  });

  it('is not held up by a connection that never says anything', async () => {
    const { port, signal, exited, event } = await start('--drain-grace-ms', '0');
    const silent = await connected(port);
    silent.resume();
    signal('SIGTERM');
    expect(await exited).toMatchObject({ code: 0 });
    expect(await event('stopped')).toMatchObject({ drained: true });
  });

  it('is held up by a frozen peer only until its time is over', async () => {
    const { port, signal, exited, event } = await start('--drain-grace-ms', '0', '--drain-timeout-ms', '300');
    const frozen = await connected(port);
    signal('SIGTERM');
    expect(await exited).toMatchObject({ code: 1, signal: null });
    frozen.destroy();
    expect(await event('stopped')).toMatchObject({
      reason: 'calls and connections were cut: still open after 300 ms',
    });
  });

  it('drains although nobody reads its output any more', async () => {
    const { pid, signal, exited } = await start('--drain-grace-ms', '0');
    calculator.closeOutput();
    signal('SIGTERM');
    expect(await exited).toMatchObject({ code: 0, stderr: '' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

/** A connection that speaks no HTTP/2. It hears nothing either, not even the end, until it is resumed. */
async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
