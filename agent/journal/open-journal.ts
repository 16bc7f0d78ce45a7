/**
 * Opens the journal that the configuration asks for, and takes up what an earlier run left: its open incidents go on, and
 * those of instances that nobody looks after any more are closed.
 */
import { readFileSync } from 'node:fs';
import type { Outcome } from '../../core/domain/incident';
import { foldIncidents, type Incident } from '../../core/domain/incident-record';
import type { Clock } from '../../core/time/clock';
import type { AgentConfig } from '../config';
import { Complaint } from '../complaint';
import type { Journal, Log } from '../ports';
import { FileJournal } from './file-journal';
import { MemoryJournal } from './memory-journal';

export interface JournalPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens nothing yet but what it reads; a folder that cannot be written is a complaint in the log, not an error. */
export function openJournal(config: AgentConfig, { clock, log, env }: JournalPorts): Journal {
  const { fileSize, files } = config.checked.journal;
  const secrets = secretsOf(config, env);
  const place = placeFor(config, env);
  if (place === undefined) return new MemoryJournal(secrets);
  const complaint = new Complaint(clock, log, 'error');
  const source = 'journal';
  return new FileJournal({
    folder: place.folder,
    agent: place.agent,
    fileSize,
    files,
    secrets,
    onTrouble: (why) => {
      if (why === undefined) complaint.clear(source, 'the journal can be written');
      else complaint.raise(source, `the journal cannot be written: ${why}`);
    },
  });
}

/** Where this agent keeps what outlives it, and its name there; undefined: nowhere. */
export function placeFor(
  { owner, checked }: Pick<AgentConfig, 'owner' | 'checked'>,
  env: NodeJS.ProcessEnv,
): { readonly folder: string; readonly agent: string } | undefined {
  // systemd names the folder that it keeps for a service; of several, the first.
  const folder = checked.journal.folder ?? env['STATE_DIRECTORY']?.split(':')[0] ?? '';
  return folder === '' ? undefined : { folder, agent: fileName(owner) };
}

/** A host name may hold anything. */
export function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_');
}

/** The open incidents of these instances, at most one each; all others that are open are closed. */
export async function takeUp(
  journal: Journal,
  config: Pick<AgentConfig, 'owner' | 'services'>,
  clock: Clock,
): Promise<readonly Incident[]> {
  const all = foldIncidents(await journal.read());
  const open = all.filter(({ phase }) => phase !== 'closed' && phase !== 'drill');
  const ids = config.services.map(({ instance }) => instance.id);
  const newest = new Map(open.filter(({ instance }) => ids.includes(instance)).map((one) => [one.instance, one]));
  const close = (left: Incident, outcome: Outcome, sentence: string): void => {
    const { id: incident, service, instance, steps, startedUnixMs } = left;
    const last = steps.at(-1);
    journal.append({
      ...{ incident, service, instance, agent: config.owner, kind: 'closed', source: 'agent', outcome, sentence },
      seq: (last?.seq ?? 0) + 1,
      atUnixMs: Math.round(clock.unixMs()),
      afterMs: Math.max(last?.afterMs ?? 0, Math.round(clock.unixMs() - startedUnixMs)),
    });
  };
  for (const left of open.filter((one) => newest.get(one.instance) !== one))
    close(left, 'abandoned', 'the agent started again and does not look after this instance any more');
  // Of agents that share a journal each knows of its own drills alone whether they still run.
  for (const left of all.filter(({ phase, agent }) => phase === 'drill' && agent === config.owner))
    close(left, 'cut-short', 'the agent ended in the middle of it; its order ends by itself');
  return [...newest.values()];
}

/** What must never stand in a file: a hook or a server may print anything. */
function secretsOf({ registry }: AgentConfig, env: NodeJS.ProcessEnv): readonly string[] {
  const files = [registry.tokenFile, env['CONSUL_HTTP_TOKEN_FILE']].map(contentOf);
  return [registry.token, env['CONSUL_HTTP_TOKEN'], ...files].filter((secret) => secret !== undefined);
}

function contentOf(path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
