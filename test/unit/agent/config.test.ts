import { buildConfig, environmentOverrides, type ConfigInput } from '../../../agent/config';
import { printConfig } from '../../../agent/config-print';
import { parseConfig } from '../../../agent/config-source';
import { formatDuration, parseDuration } from '../../../core/time/duration';

const MINIMAL = 'services: [{ name: calculator, address: 10.0.0.1, port: 5001 }]';

const build = (text: string, change: Partial<ConfigInput> = {}) =>
  buildConfig({
    source: parseConfig(text, 'agent.yaml'),
    overrides: [],
    hostname: 'host',
    supervises: true,
    isCron: (expression) => expression !== 'now',
    registryFaults: () => [],
    ...change,
  });

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5 s', 1500],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['250', 250],
    [250, 250],
    [0, 0],
  ])('reads %p as %d ms', (written, ms) => expect(parseDuration(written)).toBe(ms));

  it.each(['', 'soon', '-1s', '1m30s', '1d', -1, Number.NaN, null, true])('does not take %p for one', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });

  it.each([0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000])('writes %d so that it reads back', (ms) => {
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });
});

describe('the configuration', () => {
  it('needs a name, an address and a port, and has a default for all else', () => {
    const { owner, services, log, schedule } = build(MINIMAL);
    expect(owner).toBe('host.calculator-host-5001');
    expect(services[0]).toMatchObject({
      instance: { id: 'calculator-host-5001', tier: 0 },
      register: 'after-first-pass',
    });
    expect(log).toEqual({ level: 'info', format: 'auto' });
    expect(schedule).toEqual({ summary: '0 * * * *', retention: '30 3 * * *' });
  });

  it('lets flags win over the environment, and that over the file', () => {
    const text = `{ log: { level: error, format: json }, agent: { id: of-the-file }, ${MINIMAL} }`;
    const env = environmentOverrides({
      UNDERSTUDY_LOG_LEVEL: 'warn',
      UNDERSTUDY_LOG_FORMAT: 'pretty',
      UNDERSTUDY_AGENT_ID: '',
    });
    const flag = { path: ['log', 'level'], value: 'debug', origin: '--log-level' };
    const { log, owner } = build(text, { overrides: [flag, ...env] });
    expect(log).toEqual({ level: 'debug', format: 'pretty' });
    expect(owner).toBe('of-the-file');
  });

  it('prints what it uses, in a form that reads back to the same', () => {
    const config = build(MINIMAL);
    const again = build(printConfig(config));
    expect(again).toEqual({ ...config, checked: again.checked });
  });

  it('knows of drills and of a dependency where they are wanted, and of none otherwise', () => {
    const more = 'drill: { schedule: "0 4 * * *", for: 1m }, dependency: { address: db, port: 5432 }';
    const config = build(MINIMAL.replace('port: 5001', `port: 5001, ${more}`));
    const drill = { schedule: '0 4 * * *', forMs: 60_000 };
    expect(config.services[0]).toMatchObject({ drill, dependency: { type: 'tcp', what: 'tcp db:5432', rise: 3 } });
    expect(build(printConfig(config)).services).toEqual(config.services);
    expect(build(MINIMAL).services[0]).not.toHaveProperty('drill');
    expect(build(MINIMAL).services[0]).not.toHaveProperty('dependency');
  });

  it('reads JSON as well', () => {
    expect(build(JSON.stringify({ services: [{ name: 'a', address: 'b', port: 1 }] })).services).toHaveLength(1);
  });

  it('takes limits for the process of a child alone', () => {
    const text = `${MINIMAL.slice(0, -2)}, process: { warnMemory: 1.5GiB } }]`;
    const [service] = build(text).services;
    expect(service?.process).toEqual({ intervalMs: 5000, limits: { memoryBytes: 1_610_612_736, forMs: 30_000 } });
    expect(printConfig(build(text))).toContain('warnMemory: 1536MiB');
    expect(() => build(text, { supervises: false })).toThrow('only a server that this agent starts is watched');
  });

  it('takes several services at one address and port when their names differ, and no service twice', () => {
    const two = (first: string, second: string) =>
      `services:\n${[first, second].map((name) => `  - { name: ${name}, address: h, port: 1, id: ${name}${Math.random()} }`).join('\n')}`;
    expect(build(two('a', 'b'), { supervises: false }).services).toHaveLength(2);
    expect(() => build(two('a', 'a'), { supervises: false })).toThrow('"a at h:1" is used by services[0] already');
  });

  it.each([
    ['restart: { window: 5s }', 'a crash loop would never be given up'],
    ['restart: { initialDelay: 30s }', 'is more than maxDelay'],
    ['probe: { fall: 5 }', '5 failures can never be among the last 3 probes'],
    ['probe: { type: tcp, service: x }', 'a probe of type tcp cannot ask for a service'],
    ['probe: { type: tcp, watch: true }', 'there is nothing to watch for a probe of type tcp'],
    ['process: { warnMemory: 2 GB }', 'a size from 1MiB, such as 512MiB or 2GiB'],
    ['probe: { type: http }', 'an address is needed for a probe of type http'],
    ['probe: { type: tcp, command: [ls] }', 'a program is needed for a probe of type exec, and allowed for no other'],
    ['dependency: { address: db }', 'address and port are needed for a dependency of type tcp or grpc'],
    ['dependency: { type: exec }', 'a program is needed for a probe of type exec'],
    ['dependency: { address: db, port: 1, timeout: 2s }', '2s is more than the interval of 1s'],
    ['drill: { schedule: now }', 'services[0].drill.schedule: "now" is no cron expression'],
    ['guardian: { onLost: [{ type: exec }] }', 'a rung of type exec needs it'],
    ['beat: 9s', 'must be less than the ttl'],
    ['address: 0.0.0.0', 'the host name or IP address that callers connect to'],
    ['meta: { version: 1.2 }', 'put numbers into quotes'],
    ['tags: [a b]', 'without spaces or commas'],
    ['probe:', 'nothing stands here'],
  ])('refuses %s', (line, message) => {
    const text = `services:\n  - name: a\n    port: 1\n    ${line.startsWith('address') ? '' : 'address: h\n    '}${line}\n`;
    expect(() => build(text)).toThrow(message);
  });
});
