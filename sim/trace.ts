/**
 * What happened, line by line, each with its time, and one number for all of it: two runs are the same when their numbers are.
 */
import { status } from '@grpc/grpc-js';
import type { Engine } from './engine';
import { Fingerprint } from './fingerprint';
import type { WorldListener } from './world-listener';

export class Trace implements Partial<WorldListener> {
  readonly lines: string[] = [];
  private readonly print = new Fingerprint();

  constructor(private readonly engine: Engine) {}

  /** Of all that happened, calls included. */
  get fingerprint(): string {
    return this.print.text;
  }

  say(line: string): void {
    const stamped = `${this.engine.nowMs.toFixed(3).padStart(11)} ${line}`;
    this.lines.push(stamped);
    this.print.mix(stamped);
  }

  readonly onCallEnd: WorldListener['onCallEnd'] = ({ id, caller, isSafe }, { code, details }) => {
    const text = `${caller} ${isSafe ? 'safe' : 'unsafe'} call ${id}: ${status[code]}`;
    if (code === status.OK) this.print.mix(`${this.engine.nowMs} ${text}`);
    else this.say(`${text}: ${details}`);
  };

  readonly onAttempt: WorldListener['onAttempt'] = ({ id }, server) =>
    this.print.mix(`${this.engine.nowMs} ${id} to ${server}`);

  readonly onEndpoint: WorldListener['onEndpoint'] = (caller, { id, fitness, reason }) =>
    this.say(`${caller} finds ${id} ${fitness}: ${reason}`);

  readonly onTierChange: WorldListener['onTierChange'] = (caller, { kind, from, to }, reason) =>
    this.say(`${caller} ${kind} ${from === null ? '' : `from tier ${from} `}to tier ${to}: ${reason}`);

  readonly onSignal: WorldListener['onSignal'] = (instance, signal) => this.say(`${instance} gets ${signal}`);

  readonly onServerEnd: WorldListener['onServerEnd'] = (instance) => this.say(`${instance} ends`);
}
