/**
 * Checks that something accepts TCP connections at the server's address. It says nothing about what answers there: a
 * hung process still accepts, because its kernel does.
 */
import { connect } from 'node:net';
import type { Clock } from '../core/time/clock';
import type { Probe, ProbeResult } from './ports';

export interface TcpTarget {
  readonly address: string;
  readonly port: number;
}

export class TcpProbe implements Probe {
  constructor(
    private readonly target: TcpTarget,
    private readonly clock: Clock,
  ) {}

  check(signal: AbortSignal): Promise<ProbeResult> {
    const startedMs = this.clock.nowMs();
    return new Promise((resolve) => {
      const socket = connect({ host: this.target.address, port: this.target.port, noDelay: true });
      const finish = (result: ProbeResult): void => {
        signal.removeEventListener('abort', onAbort);
        socket.destroy();
        resolve(result);
      };
      const onAbort = (): void => finish({ outcome: 'silent', reason: 'check was cut short' });
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('connect', () => {
        finish({ outcome: 'pass', reason: `TCP connection accepted in ${took(this.clock, startedMs)}` });
      });
      // The listener stays: a socket that is destroyed while it connects may still report an error.
      socket.on('error', (error: NodeJS.ErrnoException) => finish(connectFailure(error, took(this.clock, startedMs))));
      if (signal.aborted) onAbort();
    });
  }

  reset(): void {
    // Every check opens a connection of its own.
  }

  close(): void {
    // Nothing is kept open between checks.
  }
}

/** Time since `startedMs` for people, `1.3 ms`. */
export function took(clock: Clock, startedMs: number): string {
  return `${(clock.nowMs() - startedMs).toFixed(1)} ms`;
}

/** Packets that vanish are silence; every other failure to connect is an answer of the other machine. */
function connectFailure(error: NodeJS.ErrnoException, time: string): ProbeResult {
  const silent = error.code === 'ETIMEDOUT';
  return { outcome: silent ? 'silent' : 'refused', reason: `cannot connect (${error.code ?? error.message}, ${time})` };
}
