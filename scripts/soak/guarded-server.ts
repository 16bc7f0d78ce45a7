/**
 * A Calculator under an agent of its own whose settings are the defaults, and what that agent says of it. The journal's
 * folder and the admin API are there to be read: neither changes what the agent does about a server.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJournalLine } from '../../agent/journal/journal-line';
import { foldIncidents } from '../../core/domain/incident-record';
import { calculatorCommand, startAgent, type AgentProcess } from '../chaos/agent-process';
import { freePorts } from '../consul/free-ports';
import type { Cleanup } from '../quickstart/cleanup';
import { guardAgainstOwnDeath } from '../quickstart/processes';
import type { Observed } from './false-alarms';

export const SERVICE = 'calculator';
/** Of the sentence with which an agent spares a server, see agent/observer.ts. */
const SPARED = 'a failed probe does not count';

export type Told = Pick<Observed, 'probes' | 'failedProbes' | 'spared' | 'restarts' | 'incidents'>;

export class GuardedServer {
  private constructor(
    readonly id: string,
    private readonly agent: AgentProcess,
    private readonly folder: string,
    private readonly adminPort: number,
  ) {}

  static async start(id: string, folder: string, registry: string, cleanup: Cleanup): Promise<GuardedServer> {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    const config = {
      agent: { id },
      registry: { address: registry },
      journal: { folder },
      admin: { listen: `127.0.0.1:${adminPort}` },
      services: [{ name: SERVICE, id, address: '127.0.0.1', port }],
    };
    const agent = startAgent({ config, command: calculatorCommand('--port', String(port), '--instance', id) });
    const standDown = guardAgainstOwnDeath([agent], folder);
    cleanup.add(async () => {
      await agent.stop();
      standDown();
    });
    return new GuardedServer(id, agent, folder, adminPort);
  }

  /** All since its start. Rejects when its agent does not answer. */
  async told(): Promise<Told> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}/v1/status`);
    const { services } = (await response.json()) as { readonly services: readonly Readonly<Record<string, number>>[] };
    const { probes = 0, failures = 0, restarts = 0 } = services[0] ?? {};
    const spared = this.agent.lines.filter(({ message }) => message.includes(SPARED)).length;
    return { probes, failedProbes: failures, spared, restarts, incidents: await this.incidents() };
  }

  /** Its sockets stay open, and nothing answers. */
  async hang(): Promise<void> {
    process.kill(await this.agent.serverPid(), 'SIGSTOP');
  }

  private async incidents(): Promise<number> {
    const text = await readFile(join(this.folder, `${this.id}.jsonl`), 'utf8').catch(nothingYet);
    const records = text.split('\n').map(parseJournalLine);
    return foldIncidents(records.filter((one) => one !== undefined)).length;
  }
}

/** A journal begins with its first incident. */
function nothingYet(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
