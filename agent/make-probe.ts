/** Chooses the probe that the configuration of a service asks for. */
import type { Clock } from '../core/time/clock';
import { ExecProbe } from './exec-probe';
import { GrpcProbe } from './grpc-probe';
import { HttpProbe } from './http-probe';
import type { Probe } from './ports';
import type { ServiceConfig } from './service-config';
import { TcpProbe } from './tcp-probe';

export function makeProbe({ instance, probe }: ServiceConfig, clock: Clock, env: NodeJS.ProcessEnv): Probe {
  const { address, port } = instance;
  switch (probe.type) {
    case 'tcp':
      return new TcpProbe({ address, port }, clock);
    case 'http':
      return new HttpProbe(probe.url ?? '', clock);
    case 'exec':
      return new ExecProbe(probe.command ?? [''], instance, env, clock);
    case 'grpc':
      return new GrpcProbe({ address, port, service: probe.service, onUnimplemented: probe.onUnimplemented }, clock);
  }
}
