/**
 * Reads targets: `consul:///calculator`, `consul://10.0.0.5:8500/calculator?tag=blue&dc=eu&policy=round_robin`.
 */
import { POLICIES, type PolicyName } from '../core/pick/policy';
import type { WatchQuery } from '../registry/port';
import type { ServiceSettings } from './service-settings';
import type { GrpcUri } from './grpc-experimental';

export interface Target {
  /** `host:port` of the registry, or null: as registerUnderstudy or the environment says. */
  readonly registryAddress: string | null;
  readonly query: WatchQuery;
  /** What the target itself sets. */
  readonly settings: ServiceSettings;
}

const PARAMETERS = ['tag', 'dc', 'policy'];

/** Throws an Error that names everything that is wrong with the target. */
export function parseTarget(uri: GrpcUri): Target {
  const [name, search] = splitOnce(uri.path, '?');
  const params = new URLSearchParams(search);
  const service = decodeURIComponent(name);
  const authority = uri.authority ?? '';
  const policy = params.get('policy');
  const faults = [
    ...serviceFaults(service),
    ...parameterFaults(params),
    ...authorityFaults(authority),
    ...policyFaults(policy),
  ];
  if (faults.length > 0) throw new Error(`target ${printed(uri)}: ${faults.join('; ')}`);
  const tag = params.get('tag');
  const datacenter = params.get('dc');
  return {
    registryAddress: authority === '' ? null : authority,
    query: { service, ...(tag !== null && { tag }), ...(datacenter !== null && { datacenter }) },
    settings: isPolicy(policy) ? { policy } : {},
  };
}

function serviceFaults(service: string): string[] {
  return service === '' || service.includes('/') ? [`"${service}" is not a service name`] : [];
}

function parameterFaults(params: URLSearchParams): string[] {
  return [...new Set(params.keys())].flatMap((key) => {
    if (!PARAMETERS.includes(key)) return [`unknown parameter "${key}" (allowed: ${PARAMETERS.join(', ')})`];
    return params.getAll(key).length > 1 ? [`parameter "${key}" is given twice`] : [];
  });
}

function authorityFaults(authority: string): string[] {
  const wellFormed = authority === '' || /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d+$/.test(authority);
  return wellFormed ? [] : [`"${authority}" is not host:port of a registry`];
}

function policyFaults(policy: string | null): string[] {
  if (policy === null || isPolicy(policy)) return [];
  return [`unknown policy "${policy}" (allowed: ${POLICIES.join(', ')})`];
}

function isPolicy(name: string | null): name is PolicyName {
  return (POLICIES as readonly (string | null)[]).includes(name);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function printed(uri: GrpcUri): string {
  return `${uri.scheme ?? ''}://${uri.authority ?? ''}/${uri.path}`;
}
