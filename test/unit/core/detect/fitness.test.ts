import { NOT_EJECTED } from '../../../../core/detect/ejection';
import { judge, type EndpointFacts } from '../../../../core/detect/fitness';

const WELL: EndpointFacts = {
  connection: 'ready',
  connectionReason: 'connected to 10.0.0.1:1',
  serving: 'serving',
  health: 'passing',
  healthReason: 'SERVING in 1 ms',
  silent: null,
  standing: NOT_EJECTED,
  missingForMs: null,
};
const cause = { slow: false, text: 'its last 3 calls failed' };
const ejected = { phase: 'ejected', cause, untilMs: 1_000, ejections: 1 } as const;
const of = (facts: Partial<EndpointFacts>): string => judge({ ...WELL, ...facts }, 15_000).fitness;

describe('the fitness of an endpoint', () => {
  it.each<[string, Partial<EndpointFacts>, string]>([
    ['is fit when connected, serving and passing', {}, 'fit'],
    ['is fit with a warning', { health: 'warning' }, 'fit'],
    ['is pending while it connects', { connection: 'connecting' }, 'pending'],
    ['is pending until health has answered', { serving: 'unknown' }, 'pending'],
    ['is unfit when its connection fails, though the catalog says passing', { connection: 'failing' }, 'unfit'],
    ['is desperate when it says NOT_SERVING, though the catalog says passing', { serving: 'not-serving' }, 'desperate'],
    ['is a last resort when its health service is silent', { serving: 'silent' }, 'last-resort'],
    ['is a last resort when the catalog says critical though it answers', { health: 'critical' }, 'last-resort'],
    ['is desperate while it is silent', { silent: 'silent for 90 ms' }, 'desperate'],
    ['is so when its health service is silent too', { silent: 'silent for 90 ms', serving: 'silent' }, 'desperate'],
    ['is a last resort while its calls fail', { standing: ejected }, 'last-resort'],
    [
      'is a last resort in probation',
      { standing: { phase: 'probation', cause, passed: 0, missed: false, sinceMs: 1_000, ejections: 1 } },
      'last-resort',
    ],
    ['is a last resort in maintenance', { health: 'maintenance' }, 'last-resort'],
    ['stays fit for a while after it left the catalog, if it serves', { missingForMs: 14_999 }, 'fit'],
    [
      'stays a last resort when it left the catalog as critical',
      { missingForMs: 1, health: 'critical' },
      'last-resort',
    ],
    ['stays a last resort when it left out of maintenance', { missingForMs: 1, health: 'maintenance' }, 'last-resort'],
    ['is a last resort when it is away from the catalog for long', { missingForMs: 15_000 }, 'last-resort'],
    ['is unfit when it left the catalog and its connection fails', { missingForMs: 1, connection: 'failing' }, 'unfit'],
  ])('%s', (_name, facts, expected) => {
    expect(of(facts)).toBe(expected);
  });

  it('says what its calls have shown', () => {
    expect(judge({ ...WELL, standing: ejected }, 15_000).reason).toBe('it says SERVING, but its last 3 calls failed');
  });

  it('repeats the reason of the catalog', () => {
    expect(judge({ ...WELL, health: 'critical', healthReason: 'exit code 137' }, 15_000).reason).toBe(
      'the catalog says critical: exit code 137',
    );
  });
});
