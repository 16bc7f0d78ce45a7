import type { CatalogEntry } from '../../../core/domain/instance';
import type { CatalogEvent } from '../../../registry/port';
import { Story, type StoryLine } from '../../../scripts/quickstart/story';

const entry = (health: CatalogEntry['health'], epoch: number): CatalogEntry => ({
  id: 'calculator-1',
  service: 'calculator',
  address: '127.0.0.1',
  port: 1,
  tier: 0,
  weight: 1,
  epoch,
  owner: 'a',
  tags: [],
  meta: {},
  health,
  reason: `is ${health}`,
});
const view = (...instances: CatalogEntry[]): CatalogEvent => ({
  type: 'snapshot',
  snapshot: { service: 'calculator', index: '1', instances },
});

function story(): { story: Story; lines: StoryLine[] } {
  const lines: StoryLine[] = [];
  return { story: new Story('calculator-1', (line) => lines.push(line)), lines };
}

describe('the story of a fault', () => {
  it('is complete when the primary is back with a new start and has its calls again', () => {
    const { story: told } = story();
    told.takeCatalog(view(entry('passing', 1)), 50);
    told.faultAt(100, 'kill -9');
    told.takeLoad({ event: 'failover', atMs: 105, to: 1, reason: 'dead' });
    told.takeCatalog(view(entry('critical', 1)), 110);
    told.takeCatalog(view(entry('passing', 1)), 120);
    expect(told.moments).toEqual({ fault: 100, failover: 105, critical: 110, passing: null, failback: null });
    told.takeCatalog(view(entry('passing', 2)), 600);
    told.takeLoad({ event: 'failback', atMs: 3_600, to: 0, reason: 'well' });
    expect(told.complete).toBe(true);
  });

  it('knows when the primary answers, and when somebody else does', () => {
    const { story: told } = story();
    const answers = (instance: string): void => told.takeLoad({ event: 'answers', atMs: 1, instance, pauseMs: 1 });
    const moves = (event: string, to: number): void => told.takeLoad({ event, atMs: 1, to, reason: '' });
    expect(told.primaryAnswers).toBe(false);
    moves('start', 1);
    answers('calculator-2');
    expect(told.primaryAnswers).toBe(false);
    moves('failback', 0);
    expect(told.primaryAnswers).toBe(false);
    answers('calculator-1');
    expect(told.primaryAnswers).toBe(true);
    answers('calculator-2'); // A hedge: the primary goes on answering, of which no line tells.
    expect(told.primaryAnswers).toBe(true);
    moves('failover', 1);
    expect(told.primaryAnswers).toBe(false);
  });

  it('sums up calls that fail alike', () => {
    const { story: told, lines } = story();
    told.faultAt(0, 'SIGSTOP');
    for (let call = 0; call < 100; call += 1)
      told.takeLoad({ event: 'call-failed', atMs: 5, method: 'add', code: 'DEADLINE_EXCEEDED', details: '' });
    told.takeLoad({ event: 'failover', atMs: 9, to: 1, reason: 'hung' });
    expect(lines.map((line) => line.text)).toEqual([
      'SIGSTOP',
      ...Array.from({ length: 3 }, () => 'call failed: add: DEADLINE_EXCEEDED '),
      '… and 97 more calls failed',
      'client: failover to tier 1: hung',
    ]);
  });

  it('says what the safe calls failed of, whom they waited for, and when', () => {
    const { story: told } = story();
    const failed = (atMs: number, method: string, seconds: number): void => {
      const details = `Deadline exceeded after ${seconds}s,LB pick: ${seconds}s,remote_addr=127.0.0.1:7`;
      told.takeLoad({ event: 'call-failed', atMs, method, code: 'DEADLINE_EXCEEDED', details });
    };
    told.faultAt(100, 'kill -9');
    expect(told.lostCalls).toEqual([]);
    failed(150, 'memoryAdd', 1);
    failed(200, 'add', 1.001);
    failed(230, 'add', 1.002);
    expect(told.lostCalls).toEqual([
      '2 x add DEADLINE_EXCEEDED: Deadline exceeded,remote_addr=127.0.0.1:7',
      '100 to 130 ms after the fault',
    ]);
  });

  it('knows the longest pause in a span of time', () => {
    const { story: told } = story();
    told.takeLoad({ event: 'pause', atMs: 10, pauseMs: 900 });
    told.takeLoad({ event: 'answers', atMs: 100, instance: 'calculator-2', pauseMs: 12 });
    told.takeLoad({ event: 'pause', atMs: 120, pauseMs: 25 });
    expect(told.longestPauseMs(50, 200)).toBe(25);
    expect(told.longestPauseMs(300, 400)).toBeNull();
  });
});
