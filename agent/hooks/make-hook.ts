/** Chooses the hook that a rung of the configuration stands for. The rung `child` is none: the agent's own hands do it. */
import type { Clock, Rng } from '../../core/time/clock';
import type { RungConfig } from '../service-config';
import { dockerHook } from './docker-hook';
import { execHook, type ExecNotes } from './exec-hook';
import type { Hook } from './hook';
import { signalHook } from './signal-hook';
import { webhook } from './webhook';

export interface HookPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly env: NodeJS.ProcessEnv;
  /** Follows which programs run. */
  readonly notes?: ExecNotes | undefined;
}

export function makeHook(rung: Exclude<RungConfig, { type: 'child' }>, { clock, rng, env, notes }: HookPorts): Hook {
  switch (rung.type) {
    case 'exec':
      return execHook({ ...rung, env, notes }, clock);
    case 'systemd': {
      const { type, unit, timeoutMs } = rung;
      return execHook({ type, command: ['systemctl', 'restart', '--', unit], timeoutMs, env, notes }, clock);
    }
    case 'signal':
      return signalHook(rung);
    case 'webhook':
      return webhook(rung, clock, rng);
    case 'docker':
      return dockerHook(rung);
  }
}
