import { EventEmitter } from 'node:events';
import { drainOnSignal } from '../../../server/drain-on-signal';
import type { DrainReport } from '../../../server/drain-server';
import { VirtualClock } from '../../support/virtual-clock';

function scene() {
  const clock = new VirtualClock();
  const source = new EventEmitter();
  const said: string[] = [];
  const reports: DrainReport[] = [];
  let finish: () => void = () => undefined;
  const server = { tryShutdown: (done: () => void) => void (finish = done), forceShutdown: () => said.push('force') };
  const undo = drainOnSignal({
    server,
    graceMs: 1_000,
    timeoutMs: 10_000,
    clock,
    source,
    onDraining: (signal) => said.push(`draining on ${signal}`),
    onStopped: (report) => reports.push(report),
  });
  const send = (signal: NodeJS.Signals): boolean => source.emit(signal, signal);
  return { clock, source, said, reports, undo, send, finish: () => finish() };
}

describe('drainOnSignal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s, reports, and then leaves the signal alone', async (signal) => {
    const { clock, source, said, reports, send, finish } = scene();
    send(signal);
    expect(said).toEqual([`draining on ${signal}`]);
    await clock.advanceAsync(1_000);
    finish();
    await clock.advanceAsync(0);
    expect(reports).toMatchObject([{ drained: true }]);
    expect(source.eventNames()).toEqual([]);
  });

  it('stops at once on a second signal', async () => {
    const { clock, said, reports, send } = scene();
    send('SIGTERM');
    await clock.advanceAsync(400);
    send('SIGINT');
    await clock.advanceAsync(0);
    expect(said).toEqual(['draining on SIGTERM', 'force']);
    expect(reports).toMatchObject([{ drained: false, tookMs: 400 }]);
  });

  it('takes the same signal from the terminal and from npm for one wish', async () => {
    const { clock, said, reports, send } = scene();
    send('SIGINT');
    await clock.advanceAsync(5);
    send('SIGINT');
    await clock.advanceAsync(900);
    expect(said).toEqual(['draining on SIGINT']);
    expect(reports).toEqual([]);
  });

  it('does nothing once it is undone', () => {
    const { source, undo, send } = scene();
    undo();
    undo();
    expect(source.eventNames()).toEqual([]);
    expect(send('SIGTERM')).toBe(false);
  });

  it('complains about impossible times when it is wired, not when the signal comes', () => {
    const server = { tryShutdown: () => undefined, forceShutdown: () => undefined };
    const source = new EventEmitter();
    expect(() => drainOnSignal({ server, graceMs: 2, timeoutMs: 1, source })).toThrow(RangeError);
    expect(source.eventNames()).toEqual([]);
  });
});
