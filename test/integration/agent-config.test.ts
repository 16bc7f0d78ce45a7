import { startAgent, type StartAgentOptions } from '../../scripts/chaos/agent-process';

jest.setTimeout(30_000);

/** Runs an agent that is expected to end by itself. */
async function run(
  options: StartAgentOptions,
): Promise<{ code: number | null; faults: readonly string[]; output: string }> {
  const agent = startAgent(options);
  const { code } = await agent.exited;
  await agent.stop();
  const faults = agent
    .stderr()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^.*agent\.yaml/, 'agent.yaml'));
  return { code, faults, output: agent.lines.map(({ message }) => message).join('\n') };
}

const BAD = `
registery: {}
registry: { token: top-secret, tokenFile: /x }
services:
  - name: calculator
    id: a
    port: 99999
    wieght: 3
    ttl: 3s
    deregisterAfter: 10s
    probe: { timeout: 2s }
  - { name: calculator, id: a, address: 10.0.0.1, port: 1 }
`;

describe('understudy agent with a bad configuration', () => {
  it('lists every fault with its place, its key and what is allowed, and ends with 2', async () => {
    const { code, faults } = await run({
      config: BAD,
      flags: ['--log-level', 'loud'],
      env: { UNDERSTUDY_SCHEDULE_SUMMARY: 'never' },
      command: ['true'],
    });
    expect(code).toBe(2);
    const expected = [
      '--log-level: log.level: "loud" is not allowed; allowed: one of error, warn, info, debug',
      'agent.yaml:5:5: services[0].address: this is missing; allowed: the host name',
      'agent.yaml:7:11: services[0].port: 99999 is not allowed; allowed: a whole number from 1 to 65535',
      'agent.yaml:8:5: services[0].wieght: this key is not known; did you mean weight?',
      'agent.yaml:10:22: services[0].deregisterAfter: "10s" is not allowed; allowed: a duration from 1m to 168h',
      'agent.yaml:2:1: registery: this key is not known; did you mean registry?',
      'agent.yaml:9:10: services[0].ttl: beat (1s) + beatTimeout (3s) + retry (1s) must be less than the ttl',
      'agent.yaml:11:23: services[0].probe.timeout: 2s is more than the interval of 1s; allowed: at most the interval',
      'agent.yaml:12:29: services[1].id: "a" is used by services[0] already',
      'agent.yaml:5:3: services: a server command is given, but 2 services are configured; allowed: exactly one service',
      'UNDERSTUDY_SCHEDULE_SUMMARY: schedule.summary: "never" is no cron expression',
      'registry.token: token and tokenFile',
    ];
    for (const fault of expected) expect(faults).toContainEqual(expect.stringContaining(fault));
    expect(faults).toHaveLength(expected.length);
    expect(faults.join('\n')).not.toMatch(/top-secret|\n\s+at /);
  });

  it.each([
    ['no YAML', 'services: [', 'agent.yaml:1:12: '],
    ['an empty file', '', 'agent.yaml: services: this is missing; allowed: a list with at least one service'],
    ['a list', '- 1', 'agent.yaml:1:1: a list is not allowed here; allowed: a mapping with the keys agent, registry'],
  ])('says what is wrong with %s', async (_name, config, fault) => {
    const { code, faults } = await run({ config });
    expect(code).toBe(2);
    expect(faults[0]).toContain(fault);
  });

  it('prints the whole effective configuration on request, without the token', async () => {
    const config = {
      registry: { token: 'top-secret' },
      services: [{ name: 'calculator', id: 'a', address: '10.0.0.1', port: 1, ttl: 20_000 }],
    };
    const { code, output } = await run({ config, flags: ['--check-config', '--registry-address', '10.0.0.2:8500'] });
    expect(code).toBe(0);
    expect(output).toContain('ttl: 20s');
    expect(output).toContain('address: 10.0.0.2:8500');
    expect(output).toContain('stableAfter: 15s');
    expect(output).not.toContain('top-secret');
  });
});
