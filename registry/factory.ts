/**
 * The one place that knows which registry there is. Reads the files that the settings name, and opens; it sends nothing
 * yet, so a registry that is away is no reason to fail here.
 */
import { readFileSync } from 'node:fs';
import type { Clock, Rng } from '../core/time/clock';
import { version } from '../package.json';
import { systemClock } from '../runtime/system-clock';
import {
  registrySettings,
  RegistryConfigError,
  type RegistryConfig,
  type RegistrySettings,
} from './consul/consul-settings';
import { ConsulRegistry } from './consul/consul-registry';
import type { Registry } from './port';

export { RegistryConfigError, type RegistryConfig };

export interface RegistryPorts {
  readonly clock?: Clock;
  readonly rng?: Rng;
}

/** Throws RegistryConfigError when a setting is wrong or a file cannot be read. */
export function openRegistry(config: RegistryConfig, env: NodeJS.ProcessEnv, ports: RegistryPorts = {}): Registry {
  const settings = registrySettings(config, env);
  const { unrefSockets } = settings;
  return new ConsulRegistry(
    { ...connection(settings), watch: { waitMs: settings.waitMs }, version },
    { clock: ports.clock ?? systemClock({ holdsProcess: !unrefSockets }), rng: ports.rng ?? Math.random },
  );
}

function connection(settings: RegistrySettings): Omit<ConstructorParameters<typeof ConsulRegistry>[0], 'version'> {
  const faults: string[] = [];
  const read = (key: string, file: string | undefined): Buffer | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      faults.push(`${key}: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
      return undefined;
    }
  };
  const { url, datacenter, unrefSockets, timeoutMs, tlsServerName, tlsSkipVerify } = settings;
  const options = {
    url,
    datacenter,
    unrefSockets,
    timeoutMs,
    token: settings.token ?? read('tokenFile', settings.tokenFile)?.toString('utf8').trim(),
    tls: {
      ca: read('caFile', settings.caFile),
      cert: read('certFile', settings.certFile),
      key: read('keyFile', settings.keyFile),
      serverName: tlsServerName,
      skipVerify: tlsSkipVerify,
    },
  };
  if (faults.length > 0) throw new RegistryConfigError(faults);
  return options;
}
