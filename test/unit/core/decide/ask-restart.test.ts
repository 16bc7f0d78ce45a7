import {
  judgeAsk,
  standingAfter,
  standingAfterAsking,
  standingAfterLook,
  UNKNOWN_STANDING,
  type AskFacts,
} from '../../../../core/decide/ask-restart';
import type { CatalogEntry } from '../../../../core/domain/instance';

const half = (): number => 0.5;

describe('when a client asks', () => {
  const fit = standingAfter(UNKNOWN_STANDING, true, 1000, 0, half);

  it('is after its patience and a random half of it, once it was fit', () => {
    expect(standingAfter(UNKNOWN_STANDING, false, 1000, 0, half).askAtMs).toBeNull();
    expect(standingAfter(fit, false, 1000, 100, half).askAtMs).toBe(1350);
  });

  it('is not put off by further bad news, and not at all when it is fit again', () => {
    const unfit = standingAfter(fit, false, 1000, 100, half);
    expect(standingAfter(unfit, false, 1000, 900, half).askAtMs).toBe(1350);
    expect(standingAfter(unfit, true, 1000, 1000, half).askAtMs).toBeNull();
  });

  it('is later each time, also when the instance was fit between', () => {
    let standing = standingAfter(fit, false, 1000, 0, half);
    const waits = [0, 1, 2].map((n) => {
      const nowMs = standing.askAtMs ?? n;
      standing = standingAfterAsking(standing, nowMs, half);
      return (standing.askAtMs ?? 0) - nowMs;
    });
    expect(waits).toEqual([15_000, 30_000, 60_000]);
    const back = standingAfter(standing, true, 1000, standing.askedMs + 1000, half);
    expect(standingAfter(back, false, 1000, standing.askedMs + 2000, half).askAtMs).toBe(standing.askedMs + 60_000);
  });
});

it('a look that led to nothing is repeated, and makes no later one rarer', () => {
  let standing = standingAfter(standingAfter(UNKNOWN_STANDING, true, 1000, 0, half), false, 1000, 0, half);
  for (const nowMs of [1250, 20_000, 40_000]) {
    standing = standingAfterLook(standing, nowMs, half);
    expect(standing).toMatchObject({ askAtMs: nowMs + 15_000, asked: 0 });
  }
});

describe('whom a client asks', () => {
  const entry = (id: string, change: Partial<CatalogEntry> = {}): CatalogEntry => ({
    ...{ id, service: 'calculator', address: 'x', port: 1, tier: 0, weight: 1, epoch: 1, owner: `agent-of-${id}` },
    ...{ tags: [], meta: {}, health: 'passing', reason: 'SERVING' },
    ...change,
  });
  const agent = (id: string, change: Partial<CatalogEntry> = {}): CatalogEntry =>
    entry(`understudy-agent-${id}`, { meta: { agent: `agent-of-${id}` }, ...change });
  const facts: AskFacts = {
    id: 'a',
    instances: [entry('a'), entry('b')],
    agents: [agent('b'), agent('a')],
    fit: new Set(['b']),
  };

  it('is the agent of the instance', () => {
    expect(judgeAsk(facts)).toMatchObject({ agent: { id: 'understudy-agent-a' } });
  });

  it.each<[string, Partial<AskFacts>, string]>([
    ['no other instance is fit', { fit: new Set() }, 'it may be this client that is ill'],
    ['only one that left the catalog is fit', { fit: new Set(['c']) }, 'it may be this client that is ill'],
    ['the catalog knows', { instances: [entry('a', { health: 'critical' }), entry('b')] }, 'says critical already'],
    ['it is in maintenance', { instances: [entry('a', { health: 'maintenance' }), entry('b')] }, 'says maintenance'],
    ['it left the catalog', { instances: [entry('b')] }, 'not in the catalog any more'],
    ['its agent has no admin API', { agents: [agent('b')] }, 'its agent, agent-of-a, has no admin API'],
    ['its agent is gone', { agents: [agent('a', { health: 'critical' })] }, 'has no admin API'],
  ])('is nobody while %s', (_when, change, why) => {
    const verdict = judgeAsk({ ...facts, ...change });
    expect(verdict.agent).toBeNull();
    expect(verdict.reason).toContain(why);
  });
});
