import pc from 'picocolors';
import { statusReport, type StatusView } from '../../../cli/status-report';
import { screenful, StatusScreen } from '../../../cli/status-screen';
import { ageText, statusText } from '../../../cli/status-text';
import type { CatalogEntry } from '../../../core/domain/instance';
import { instance } from '../../support/registrations';

const NOW = Date.UTC(2026, 0, 1);
const plain = pc.createColors(false);

const entries: readonly CatalogEntry[] = [
  {
    ...instance('calculator', { epoch: NOW - 125_000 }),
    health: 'critical',
    reason: '2 of 3 probes failed: no answer within 500 ms',
  },
  {
    ...instance('calculator', { id: 'calculator-2', port: 5002, tier: 1, epoch: 0 }),
    health: 'passing',
    reason: 'SERVING in 2 ms',
  },
];

const view: StatusView = {
  registry: { description: 'Consul at 127.0.0.1:8500', version: '1.20.1', leader: true },
  services: [{ service: 'calculator', instances: entries }],
  registered: ['calculator'],
  away: undefined,
};

const text = (change: Partial<StatusView> = {}, columns?: number, colors = plain): string =>
  statusText(statusReport({ ...view, ...change }, NOW), { colors, columns });

describe('the text of a status', () => {
  it('is a line about the registry and a table for each service', () => {
    expect(text().split('\n')).toEqual([
      'Consul at 127.0.0.1:8500, version 1.20.1, has a leader',
      '',
      'calculator  degraded: calculator-1 is critical; tier 1 serves in place of the primary',
      'INSTANCE      ROLE     TIER  HEALTH    ADDRESS         AGE    REASON',
      'calculator-1  primary  0     critical  127.0.0.1:5001  2m 5s  2 of 3 probes failed: no answer within 500 ms',
      'calculator-2  backup   1     passing   127.0.0.1:5002  -      SERVING in 2 ms',
    ]);
  });

  it('wraps reasons inside their column when the terminal is narrow', () => {
    const lines = text({}, 95).split('\n').slice(3);
    const at = lines[0]?.indexOf('REASON') ?? 0;
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(95);
    expect(lines.slice(1, 3).map((line) => line.slice(at))).toEqual([
      '2 of 3 probes failed: no answer',
      'within 500 ms',
    ]);
  });

  it('colours health and state, and keeps the columns where they are', () => {
    const colors = pc.createColors(true);
    const coloured = text({}, undefined, colors);
    expect(coloured).toContain(colors.red('critical'));
    expect(coloured).toContain(colors.green('passing'));
    expect(coloured).toContain(colors.yellow('degraded'));
    // eslint-disable-next-line no-control-regex -- the codes are what is taken out
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(text());
  });

  it('lets nothing that stands in the catalog steer the terminal', () => {
    const reason = 'ill\x1b[2J\r\nfake line\u202e';
    const shown = text({ services: [{ service: 'calculator', instances: [{ ...entries[0]!, reason }] }] });
    expect(shown).toMatch(/ill \[2J {2}fake line$/);
  });

  it('says that the view is old, how old, and why', () => {
    const away = { reason: 'Consul at 127.0.0.1:8500: ping: connection refused', sinceUnixMs: NOW - 42_000 };
    expect(text({ away }).split('\n').slice(0, 5)).toEqual([
      'Consul at 127.0.0.1:8500, version 1.20.1',
      'no answer for 42s: Consul at 127.0.0.1:8500: ping: connection refused',
      'What was known then:',
      '',
      'calculator  degraded: calculator-1 is critical; tier 1 serves in place of the primary',
    ]);
  });

  it.each([
    [{ leader: false }, 'version 1.20.1, has no leader'],
    [{ version: null, leader: null }, 'version not told: the token lacks agent:read'],
  ])('tells of the registry what %j means', (change, words) => {
    expect(text({ registry: { ...view.registry, ...change } }).split('\n')[0]).toBe(
      `Consul at 127.0.0.1:8500, ${words}`,
    );
  });

  it('says so when nothing is registered at all', () => {
    expect(text({ services: [] })).toMatch(/\n\nno service is registered by an Understudy agent$/);
  });

  it.each([
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m 0s'],
    [7_384_000, '2h 3m'],
    [1_051_200_000, '12d 4h'],
  ])('writes an age of %i ms as %s', (ms, words) => {
    expect(ageText(ms)).toBe(words);
  });
});

describe('the screen of a status', () => {
  const shown = (
    options: { readonly json?: boolean; readonly watch?: boolean; readonly isTTY?: boolean; readonly rows?: number },
    times: number,
  ): string => {
    let written = '';
    const out = {
      isTTY: options.isTTY ?? false,
      columns: 200,
      rows: options.rows ?? 50,
      write: (chunk: unknown) => (written += String(chunk)) !== '',
    };
    const screen = new StatusScreen({ json: false, watch: true, ...options, out, colors: plain });
    for (let time = 0; time < times; time += 1) screen.show(statusReport(view, NOW));
    return written;
  };

  it('prints JSON for machines: whole, or a line for each change', () => {
    expect(JSON.parse(shown({ json: true, watch: false }, 1))).toEqual(statusReport(view, NOW));
    expect(shown({ json: true, isTTY: true }, 2).trimEnd().split('\n')).toHaveLength(2);
  });

  it('adds a block with its time for each change when it is no terminal', () => {
    expect(shown({}, 2).match(/^--- 2026-01-01T00:00:00\.000Z$/gm)).toHaveLength(2);
  });

  it('paints a terminal over, and never makes it scroll', () => {
    const painted = shown({ isTTY: true, rows: 5 }, 2);
    expect(painted.split('\x1b[2J')).toHaveLength(2);
    expect(painted.split('\x1b[H')).toHaveLength(3);
    expect(painted.split('\n')).toHaveLength(9);
  });

  it('says how many lines do not fit, those counted that the terminal wraps', () => {
    const more = (count: number): string => `… ${count} more lines: name a service, or make the window larger`;
    expect(screenful('1\n2\n3', { rows: 4, columns: 80 })).toEqual(['1', '2', '3']);
    expect(screenful('1\n2\n3\n4\n5', { rows: 4, columns: 80 })).toEqual(['1', '2', more(3)]);
    expect(screenful(`1\n${'2'.repeat(81)}\n3`, { rows: 4, columns: 80 })).toEqual(['1', more(2)]);
  });
});
