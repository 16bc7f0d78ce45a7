/**
 * Speaks with the agents: finds them in the registry under the name by which they register themselves, and asks their admin
 * API. A token goes to addresses from the registry alone, and into no message.
 */
import { readFileSync } from 'node:fs';
import { AGENT_SERVICE, hostPort, type CatalogEntry } from '../core/domain/instance';
import type { Catalog } from '../registry/port';
import { EXIT, OperatorError } from './operator-error';

const ASK_MS = 5000;
const TOKEN_HINT = 'UNDERSTUDY_ADMIN_TOKEN_FILE names the file with the token';

export interface AgentAnswer {
  readonly agent: string;
  /** What it answered. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What all agents answered, and who did not. */
export interface AgentAnswers {
  readonly answers: readonly AgentAnswer[];
  /** A sentence for each agent that did not. */
  readonly silent: readonly string[];
}

export class AgentsApi {
  constructor(
    private readonly catalog: Pick<Catalog, 'snapshot'>,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** The agent that registered an instance. Rejects with an OperatorError when it cannot be asked. */
  async agentOf(instance: CatalogEntry): Promise<CatalogEntry> {
    const agents = await this.agents();
    const agent = agents.find(({ meta }) => meta['agent'] === instance.owner);
    if (agent !== undefined) return agent;
    throw new OperatorError(
      EXIT.refused,
      `the agent of ${instance.id}, ${instance.owner || 'which nobody knows'}, has no admin API; its configuration needs admin.listen`,
    );
  }

  /** Asks every agent that is there. */
  async askAll(path: string): Promise<AgentAnswers> {
    const agents = await this.agents();
    if (agents.length === 0)
      throw new OperatorError(
        EXIT.refused,
        'no agent can be asked: none registered an admin API; its configuration needs admin.listen',
      );
    const token = this.token();
    const told = await Promise.all(
      agents.map((agent) =>
        ask(agent, path, token).then(
          ({ body }) => ({ agent: agent.meta['agent'] ?? agent.id, body }),
          (error: unknown) => messageOf(error),
        ),
      ),
    );
    return {
      answers: told.filter((one) => typeof one !== 'string'),
      silent: told.filter((one) => typeof one === 'string'),
    };
  }

  /** Has an agent do something. @returns its sentence; rejects with an OperatorError that says why not */
  async act(agent: CatalogEntry, action: object): Promise<string> {
    const { status, body } = await ask(agent, '/v1/actions', this.token(), action);
    if (status === 200) return String(body['done']);
    throw new OperatorError(status === 409 ? EXIT.refused : EXIT.usage, String(body['error']));
  }

  /** What an agent tells of its servers; rejects with an OperatorError when it cannot be asked. */
  async servicesOf(agent: CatalogEntry): Promise<readonly unknown[]> {
    const { body } = await ask(agent, '/v1/status', this.token());
    return (body['services'] ?? []) as readonly unknown[];
  }

  private async agents(): Promise<readonly CatalogEntry[]> {
    const { instances } = await this.catalog.snapshot({ service: AGENT_SERVICE });
    // One that is gone stays in the catalog for a while.
    return instances.filter(({ health }) => health === 'passing');
  }

  private token(): string | undefined {
    const file = this.env['UNDERSTUDY_ADMIN_TOKEN_FILE'] ?? '';
    if (file === '') return undefined;
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (error) {
      throw new OperatorError(EXIT.usage, `UNDERSTUDY_ADMIN_TOKEN_FILE cannot be read: ${messageOf(error)}`);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(agent: CatalogEntry, path: string, token: string | undefined, post?: object): Promise<Answer> {
  const place = hostPort(agent);
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(post && { 'content-type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(ASK_MS);
  let answer: Answer;
  try {
    const response = await fetch(`http://${place}${path}`, {
      ...{ headers, signal, redirect: 'error' as const },
      ...(post && { method: 'POST', body: JSON.stringify(post) }),
    });
    answer = { status: response.status, body: (await response.json()) as Answer['body'] };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const where = agent.address.startsWith('127.') ? ', an address that only its own machine reaches' : '';
    throw new OperatorError(EXIT.away, `${agent.id} does not answer at ${place}${where}: ${messageOf(cause)}`);
  }
  if (answer.status === 401) throw new OperatorError(EXIT.away, `${agent.id} wants a token; ${TOKEN_HINT}`);
  if (answer.status >= 500)
    throw new OperatorError(EXIT.away, `${agent.id} cannot answer: ${String(answer.body['error'])}`);
  return answer;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
