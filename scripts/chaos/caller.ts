/** One program that calls the service: a client with Understudy's defaults, and its load. It decides nothing. */
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { MixedLoad } from './mixed-load';

export interface Caller {
  readonly client: CalculatorClient;
  readonly load: MixedLoad;
  /** Resolves when all calls have ended. */
  stop(): Promise<void>;
}

/** @param onChange is told of each move between tiers: `failover 0->1: reason` */
export function startCaller(target: string, name: string, onChange: (change: string) => void): Caller {
  const understudy = registerUnderstudy({ services: [calculatorService] });
  for (const kind of ['failover', 'failback'] as const)
    understudy.events.on(kind, ({ from, to, reason }) => onChange(`${kind} ${from ?? '-'}->${to}: ${reason}`));
  const client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  const load = new MixedLoad(client, name);
  return {
    client,
    load,
    async stop() {
      await load.stop();
      client.close();
      await understudy.close();
    },
  };
}
