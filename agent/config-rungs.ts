/**
 * The rungs of a ladder: which keys belong to which type of action, and what a checked rung becomes. Each value alone is
 * right already.
 */
import { DEFAULTS } from './config-defaults';
import type { CheckedRung } from './config-schema';
import type { KeyPath } from './config-faults';
import type { ProgramConfig, RungConfig } from './service-config';

type RungType = CheckedRung['type'];
type OwnKey = Exclude<keyof CheckedRung, 'type' | 'attempts' | 'timeout'>;

/** Required keys first; of a signal at least one way to find its process. */
const KEYS: Readonly<Record<RungType, { readonly required: readonly OwnKey[]; readonly more: readonly OwnKey[] }>> = {
  exec: { required: ['command'], more: [] },
  signal: { required: [], more: ['signal', 'pidFile', 'match'] },
  child: { required: [], more: [] },
  webhook: { required: ['url'], more: ['secretFile', 'retries'] },
  docker: { required: ['container'], more: ['socket'] },
  systemd: { required: ['unit'], more: [] },
};
const OWN_KEYS = [...new Set(Object.values(KEYS).flatMap(({ required, more }) => [...required, ...more]))];

export interface RungFault {
  readonly at: KeyPath;
  readonly message: string;
}

/** @param supervises a server command stands on the command line */
export function rungFaults(ladder: readonly CheckedRung[], supervises: boolean): readonly RungFault[] {
  return ladder.flatMap((rung, index) => {
    const { required, more } = KEYS[rung.type];
    const own = [...required, ...more];
    const missing = required
      .filter((key) => rung[key] === undefined)
      .map((key) => ({ at: [index, key], message: `this is missing; a rung of type ${rung.type} needs it` }));
    const allowed = own.length === 0 ? 'no further keys' : own.join(', ');
    const foreign = OWN_KEYS.filter((key) => rung[key] !== undefined && !own.includes(key)).map((key) => ({
      at: [index, key],
      message: `a rung of type ${rung.type} has no such key; allowed: ${allowed}`,
    }));
    return [...missing, ...foreign, ...wholeFaults(rung, index, supervises)];
  });
}

function wholeFaults(rung: CheckedRung, index: number, supervises: boolean): readonly RungFault[] {
  if (rung.type === 'signal' && rung.pidFile === undefined && rung.match === undefined)
    return [
      { at: [index, 'pidFile'], message: 'nothing says which process is meant; allowed: pidFile, match, or both' },
    ];
  if (rung.type === 'child' && !supervises)
    return [
      { at: [index, 'type'], message: 'there is no child without a server command after --; allowed: another type' },
    ];
  return [];
}

/** A program and its arguments; the schema lets no empty list through. */
export function compileProgram({
  command,
  timeout,
}: {
  readonly command: readonly string[];
  readonly timeout: number;
}): ProgramConfig {
  const [program = '', ...args] = command;
  return { command: [program, ...args], timeoutMs: timeout };
}

/** For a rung without faults. */
export function compileRung(rung: CheckedRung): RungConfig {
  return COMPILE[rung.type](rung, { attempts: rung.attempts, timeoutMs: rung.timeout });
}

type Common = Pick<RungConfig, 'attempts' | 'timeoutMs'>;

const { signal: SIGNAL, retries: RETRIES, socket: SOCKET } = DEFAULTS.recovery;

const COMPILE: Readonly<Record<RungType, (rung: CheckedRung, common: Common) => RungConfig>> = {
  exec: ({ command = [], timeout }, common) => ({ ...common, type: 'exec', ...compileProgram({ command, timeout }) }),
  signal: ({ signal = SIGNAL, pidFile, match }, common) => ({
    ...{ ...common, type: 'signal', signal },
    ...(pidFile !== undefined && { pidFile }),
    ...(match !== undefined && { match }),
  }),
  child: (_rung, common) => ({ ...common, type: 'child' }),
  webhook: ({ url = '', retries = RETRIES, secretFile }, common) => ({
    ...{ ...common, type: 'webhook', url, retries },
    ...(secretFile !== undefined && { secretFile }),
  }),
  docker: ({ container = '', socket = SOCKET }, common) => ({ ...common, type: 'docker', container, socket }),
  systemd: ({ unit = '' }, common) => ({ ...common, type: 'systemd', unit }),
};
