import type { Health } from '../../../core/domain/health';
import type { CatalogEntry } from '../../../core/domain/instance';
import { statusReport, type StatusView } from '../../../cli/status-report';
import { instance } from '../../support/registrations';

const NOW = Date.UTC(2026, 0, 1);

function entry(id: string, tier: number, health: Health, change: Partial<CatalogEntry> = {}): CatalogEntry {
  return { ...instance('calculator', { id, tier, epoch: NOW - 90_000 }), health, reason: `says ${health}`, ...change };
}

function view(change: Partial<StatusView> = {}): StatusView {
  return {
    registry: { description: 'Consul at 127.0.0.1:8500', version: '1.20.1', leader: true },
    services: [],
    registered: ['calculator'],
    away: undefined,
    ...change,
  };
}

const of = (...instances: readonly CatalogEntry[]): StatusView =>
  view({ services: [{ service: 'calculator', instances }] });

describe('the status of a service', () => {
  it.each<[string, readonly CatalogEntry[], string, number, string]>([
    ['everybody passes', [entry('a', 0, 'passing'), entry('b', 1, 'passing')], 'well', 0, 'all 2 instances serve'],
    ['its only server passes', [entry('a', 0, 'passing')], 'well', 0, 'its only instance serves'],
    [
      'a server warns, for it still serves',
      [entry('a', 0, 'warning'), entry('b', 1, 'passing')],
      'well',
      0,
      'all 2 instances serve, 1 with a warning',
    ],
    [
      'the primary is ill',
      [entry('a', 0, 'critical'), entry('b', 1, 'passing')],
      'degraded',
      1,
      'a is critical; tier 1 serves in place of the primary',
    ],
    [
      'only a backup is ill',
      [entry('a', 0, 'passing'), entry('b', 1, 'maintenance')],
      'degraded',
      1,
      'b is in maintenance; the primary tier serves',
    ],
    [
      'every server is well but none is a primary',
      [entry('b', 2, 'passing')],
      'degraded',
      1,
      'no primary is registered; tier 2 serves in place of the primary',
    ],
    [
      'nobody serves',
      [entry('a', 0, 'critical'), entry('b', 1, 'maintenance')],
      'down',
      3,
      'nobody serves: a is critical, b is in maintenance',
    ],
    ['nobody is there', [], 'down', 3, 'no instance is registered; nor is any other service'],
  ])('says why when %s', (_case, instances, state, exitCode, reason) => {
    const report = statusReport(of(...instances), NOW);
    expect(report).toMatchObject({ state, exitCode });
    expect(report.services).toEqual([expect.objectContaining({ service: 'calculator', state, reason })]);
  });

  it('names the services that exist when the name is wrong', () => {
    const report = statusReport(
      view({ services: [{ service: 'calculatr', instances: [] }], registered: ['billing', 'calculator'] }),
      NOW,
    );
    expect(report.reason).toBe('calculatr: no instance is registered; registered services: billing, calculator');
  });

  it('counts what would make a sentence too long', () => {
    const ill = Array.from({ length: 20 }, (_, at) => entry(`c${at}`, 0, 'critical'));
    expect(statusReport(of(...ill), NOW).reason).toMatch(/c7 is critical, 12 more$/);
  });

  it('tells each instance in full, its age counted from its epoch', () => {
    const meta = { zone: 'a' };
    const report = statusReport(of(entry('a', 1, 'passing', { address: '::1', meta, tags: ['blue'] })), NOW);
    expect(report.services[0]?.instances).toEqual([
      {
        ...{
          id: 'a',
          role: 'backup',
          tier: 1,
          weight: 1,
          address: '[::1]:5001',
          health: 'passing',
          reason: 'says passing',
        },
        ...{ epoch: NOW - 90_000, ageMs: 90_000, owner: 'agent-a', tags: ['blue'], meta },
      },
    ]);
  });

  it('knows no age without an epoch, and none below zero when clocks disagree', () => {
    const [foreign, ahead] = [entry('a', 0, 'passing', { epoch: 0 }), entry('b', 0, 'passing', { epoch: NOW + 5000 })];
    expect(statusReport(of(foreign, ahead), NOW).services[0]?.instances).toMatchObject([
      { epoch: null, ageMs: null },
      { ageMs: 0 },
    ]);
  });
});

describe('the status of a registry', () => {
  it('is that of the service that is worst off', () => {
    const services = [
      { service: 'billing', instances: [entry('x', 0, 'passing')] },
      { service: 'calculator', instances: [entry('a', 0, 'critical')] },
      { service: 'stock', instances: [entry('p', 0, 'critical'), entry('q', 1, 'passing')] },
    ];
    expect(statusReport(view({ services }), NOW)).toMatchObject({
      state: 'down',
      exitCode: 3,
      reason: 'calculator: nobody serves: a is critical; stock: p is critical; tier 1 serves in place of the primary',
    });
  });

  it('is down when no agent registered anything', () => {
    expect(statusReport(view(), NOW)).toMatchObject({
      exitCode: 3,
      reason: 'no service is registered by an Understudy agent',
    });
  });

  it('is unreachable while it does not answer, with the last view and how long ago that was', () => {
    const known = of(entry('a', 0, 'passing'));
    const report = statusReport({ ...known, away: { reason: 'connection refused', sinceUnixMs: NOW - 4000 } }, NOW);
    expect(report).toMatchObject({ state: 'unreachable', exitCode: 4, reason: 'connection refused', awayMs: 4000 });
    expect(report.registry).toMatchObject({ version: '1.20.1', leader: null });
    expect(report.services).toMatchObject([{ state: 'well', instances: [{ id: 'a' }] }]);
  });

  it('has the same keys in every state, so that scripts need not ask twice', () => {
    const states = [of(entry('a', 0, 'passing')), view(), view({ away: { reason: 'gone', sinceUnixMs: NOW } })];
    for (const state of states) {
      const printed = JSON.parse(JSON.stringify(statusReport(state, NOW))) as object;
      expect(Object.keys(printed)).toEqual([
        ...['schema', 'at', 'state', 'exitCode', 'reason', 'registry', 'awayMs', 'services'],
      ]);
    }
  });
});
