/**
 * Prints a configuration the way a user would write it, complete with every default. Never the token.
 */
import { stringify } from 'yaml';
import type { AgentConfig } from './config';
import { formatBytes } from '../core/domain/bytes';
import { formatDuration } from '../core/time/duration';

const DURATIONS = [
  ...['ttl', 'beat', 'beatTimeout', 'deregisterAfter', 'interval', 'timeout', 'grace', 'initialDelay', 'maxDelay'],
  ...['window', 'stableAfter', 'killAfter', 'startTimeout', 'for'],
];

/** YAML that loads to the same configuration, but for the token. */
export function printConfig({ checked, owner, services }: AgentConfig): string {
  const { token, ...registry } = checked.registry;
  const shown = {
    ...checked,
    agent: { id: owner },
    registry,
    services: checked.services.map((service, at) => ({ ...service, id: services[at]?.instance.id })),
  };
  const notes = token === undefined ? '' : '# registry.token is set and not shown\n';
  return notes + stringify(readable(shown));
}

function readable(value: unknown, key = ''): unknown {
  if (typeof value === 'number' && DURATIONS.includes(key)) return formatDuration(value);
  if (typeof value === 'number' && key === 'warnMemory') return formatBytes(value);
  if (Array.isArray(value)) return value.map((item) => readable(item));
  if (typeof value !== 'object' || value === null) return value;
  // The user's own keys are never durations.
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, key === 'meta' ? item : readable(item, name)]),
  );
}
