/** Chooses the probe that the configuration of a service asks for. */
import type { Clock } from '../core/time/clock';
import { ExecProbe } from './exec-probe';
import { GrpcProbe } from './grpc-probe';
import { HttpProbe } from './http-probe';
import type { Probe } from './ports';
import type { ProbeConfig, ServiceConfig } from './service-config';
import { TcpProbe } from './tcp-probe';

type Probed = Pick<ServiceConfig, 'instance'> & { readonly probe: Omit<ProbeConfig, 'detector'> };

export function makeProbe({ instance, probe }: Probed, clock: Clock, env: NodeJS.ProcessEnv): Probe {
  const { address, port } = instance;
  switch (probe.type) {
    case 'tcp':
      return new TcpProbe({ address, port }, clock);
    case 'http':
      return new HttpProbe(probe.url ?? '', clock);
    case 'exec':
      return new ExecProbe(probe.command ?? [''], instance, env, clock);
    case 'grpc': {
      const { service, onUnimplemented, watch = false } = probe;
      return new GrpcProbe({ address, port, service, onUnimplemented, watch }, clock);
    }
  }
}

/** The probe of what all servers of a service share; undefined where the configuration names nothing. */
export function makeDependencyProbe(
  { instance, dependency }: Pick<ServiceConfig, 'instance' | 'dependency'>,
  ...rest: readonly [Clock, NodeJS.ProcessEnv]
): Probe | undefined {
  if (dependency === undefined) return undefined;
  const { address, port } = dependency;
  return makeProbe({ instance: { ...instance, address, port }, probe: dependency }, ...rest);
}
