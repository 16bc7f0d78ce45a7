/**
 * Reads targets: `consul:///calculator`, `consul://10.0.0.5:8500/calculator?tag=blue&dc=eu&policy=round_robin`.
 */
import type { WatchQuery } from '../registry/port';
import type { GrpcUri } from './grpc-experimental';

export const POLICIES = ['round_robin'] as const;
export type PolicyName = (typeof POLICIES)[number];

export interface Target {
  /** `host:port` of the registry, or null: as registerUnderstudy or the environment says. */
  readonly registryAddress: string | null;
  readonly query: WatchQuery;
  readonly policy: PolicyName;
}

const PARAMETERS = ['tag', 'dc', 'policy'];

/** Throws an Error that names everything that is wrong with the target. */
export function parseTarget(uri: GrpcUri): Target {
  const [name = '', search = ''] = splitOnce(uri.path, '?');
  const params = new URLSearchParams(search);
  const faults: string[] = [];
  const service = decodeURIComponent(name);
  if (service === '' || service.includes('/')) faults.push(`"${service}" is not a service name`);
  for (const key of new Set(params.keys())) {
    if (!PARAMETERS.includes(key)) faults.push(`unknown parameter "${key}" (allowed: ${PARAMETERS.join(', ')})`);
    else if (params.getAll(key).length > 1) faults.push(`parameter "${key}" is given twice`);
  }
  const policy = params.get('policy') ?? 'round_robin';
  if (!isPolicy(policy)) faults.push(`unknown policy "${policy}" (allowed: ${POLICIES.join(', ')})`);
  const authority = uri.authority ?? '';
  if (authority !== '' && !/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d+$/.test(authority)) {
    faults.push(`"${authority}" is not host:port of a registry`);
  }
  if (faults.length > 0 || !isPolicy(policy)) throw new Error(`target ${printed(uri)}: ${faults.join('; ')}`);
  const tag = params.get('tag');
  const datacenter = params.get('dc');
  return {
    registryAddress: authority === '' ? null : authority,
    query: { service, ...(tag !== null && { tag }), ...(datacenter !== null && { datacenter }) },
    policy,
  };
}

function isPolicy(name: string): name is PolicyName {
  return (POLICIES as readonly string[]).includes(name);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function printed(uri: GrpcUri): string {
  return `${uri.scheme ?? ''}://${uri.authority ?? ''}/${uri.path}`;
}
