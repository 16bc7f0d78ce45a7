/**
 * Decides from the servers' ledgers and the load's list which MemoryAdds were executed twice, and which were acknowledged
 * and are nowhere. Pure but for `readEvidence`.
 */
import type { Cluster } from './cluster';

export interface Evidence {
  /** Executions beyond the first of each id, over all servers. */
  readonly duplicated: number;
  readonly acknowledgedButLost: number;
}

/** The acknowledged ids are read first: whatever is acknowledged stands in a ledger already. */
export async function readEvidence(cluster: Cluster): Promise<Evidence> {
  const cat = (files: string): Promise<string> => cluster.compose('exec', '-T', 'load', 'sh', '-c', `cat ${files}`);
  const acknowledged = await cat('/evidence/acknowledged');
  return weigh(acknowledged, await cat('/evidence/*.ledger'));
}

/** @param acknowledged one id a line @param ledgers JSON lines; one that its writer never finished was never answered */
export function weigh(acknowledged: string, ledgers: string): Evidence {
  const executed = linesOf(ledgers).flatMap(idIn);
  const once = new Set(executed);
  return {
    duplicated: executed.length - once.size,
    acknowledgedButLost: linesOf(acknowledged).filter((id) => !once.has(id)).length,
  };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function idIn(line: string): readonly string[] {
  try {
    const { id } = JSON.parse(line) as { readonly id?: unknown };
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}
