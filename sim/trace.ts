/**
 * What happened, line by line, each with its time, and one number for all of it: two runs are the same when their numbers are.
 */
import { status } from '@grpc/grpc-js';
import type { Engine } from './engine';
import type { WorldListener } from './world-listener';

export class Trace implements Partial<WorldListener> {
  readonly lines: string[] = [];
  private hash = 0x811c9dc5;

  constructor(private readonly engine: Engine) {}

  /** FNV-1a over all that happened, calls included. */
  get fingerprint(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  say(line: string): void {
    const stamped = `${this.engine.nowMs.toFixed(3).padStart(11)} ${line}`;
    this.lines.push(stamped);
    this.mix(stamped);
  }

  readonly onCallEnd: WorldListener['onCallEnd'] = ({ id, caller, isSafe }, { code, details }) => {
    const text = `${caller} ${isSafe ? 'safe' : 'unsafe'} call ${id}: ${status[code]}`;
    if (code === status.OK) this.mix(`${this.engine.nowMs} ${text}`);
    else this.say(`${text}: ${details}`);
  };

  readonly onAttempt: WorldListener['onAttempt'] = ({ id }, server) =>
    this.mix(`${this.engine.nowMs} ${id} to ${server}`);

  readonly onEndpoint: WorldListener['onEndpoint'] = (caller, { id, fitness, reason }) =>
    this.say(`${caller} finds ${id} ${fitness}: ${reason}`);

  readonly onTierChange: WorldListener['onTierChange'] = (caller, { kind, from, to }, reason) =>
    this.say(`${caller} ${kind} ${from === null ? '' : `from tier ${from} `}to tier ${to}: ${reason}`);

  readonly onSignal: WorldListener['onSignal'] = (instance, signal) => this.say(`${instance} gets ${signal}`);

  readonly onServerEnd: WorldListener['onServerEnd'] = (instance) => this.say(`${instance} ends`);

  private mix(text: string): void {
    for (let place = 0; place < text.length; place += 1) {
      this.hash = Math.imul(this.hash ^ text.charCodeAt(place), 0x01000193);
    }
  }
}
