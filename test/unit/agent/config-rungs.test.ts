import { buildConfig } from '../../../agent/config';
import { parseConfig } from '../../../agent/config-source';
import type { RecoveryConfig } from '../../../agent/service-config';

const build = (recovery: string, more = '', supervises = true): RecoveryConfig | undefined =>
  buildConfig({
    source: parseConfig(`services: [{ name: a, address: h, port: 1, recovery: ${recovery}${more} }]`, 'agent.yaml'),
    ...{ overrides: [], hostname: 'host', supervises, isCron: () => true, registryFaults: () => [] },
  }).services[0]?.recovery;

it('makes every type of rung, with its defaults', () => {
  const ladder = `[
    { type: exec, command: [/opt/reload, --now], timeout: 5s, attempts: 2 },
    { type: signal, pidFile: /run/a.pid },
    { type: signal, match: a-server, signal: SIGHUP },
    { type: child },
    { type: webhook, url: "https://hooks.example/x" },
    { type: docker, container: a_1 },
    { type: systemd, unit: a.service }]`;
  const common = { attempts: 1, timeoutMs: 30_000 };
  expect(build(`{ grace: 3s, ladder: ${ladder} }`)).toEqual({
    graceMs: 3000,
    ladder: [
      { type: 'exec', attempts: 2, timeoutMs: 5000, command: ['/opt/reload', '--now'] },
      { ...common, type: 'signal', signal: 'SIGTERM', pidFile: '/run/a.pid' },
      { ...common, type: 'signal', signal: 'SIGHUP', match: 'a-server' },
      { ...common, type: 'child' },
      { ...common, type: 'webhook', url: 'https://hooks.example/x', retries: 2 },
      { ...common, type: 'docker', container: 'a_1', socket: '/var/run/docker.sock' },
      { ...common, type: 'systemd', unit: 'a.service' },
    ],
  });
});

it('makes the way back', () => {
  expect(build('{ restore: { command: [/opt/restore] }, check: { command: [/opt/check, x], timeout: 1s } }')).toEqual({
    ladder: [],
    graceMs: 10_000,
    restore: { command: ['/opt/restore'], timeoutMs: 300_000 },
    check: { command: ['/opt/check', 'x'], timeoutMs: 1000 },
  });
});

it.each([
  ['[{ type: exec }]', 'ladder[0].command: this is missing; a rung of type exec needs it'],
  ['[{ type: exec, command: [] }]', 'ladder[0].command: a list is not allowed here; allowed: a list of a program'],
  ['[{ type: exec, command: [x], unit: y }]', 'ladder[0].unit: a rung of type exec has no such key; allowed: command'],
  [
    '[{ type: child, retries: 1 }]',
    'ladder[0].retries: a rung of type child has no such key; allowed: no further keys',
  ],
  ['[{ type: signal }]', 'ladder[0].pidFile: nothing says which process is meant; allowed: pidFile, match, or both'],
  ['[{ type: webhook, url: "ftp://x" }]', 'ladder[0].url: "ftp://x" is not allowed; allowed: an http:// or https://'],
  ['[{ type: systemd, unit: -H }]', 'ladder[0].unit: "-H" is not allowed'],
  ['[{ type: docker, container: "a/../b" }]', 'ladder[0].container: "a/../b" is not allowed'],
  ['[{ type: reboot }]', 'ladder[0].type: "reboot" is not allowed; allowed: one of exec, signal'],
])('refuses the ladder %s', (ladder, message) => {
  expect(() => build(`{ ladder: ${ladder} }`)).toThrow(message);
});

it('refuses a rung for a child that there is not, and a ladder beside a neighbour', () => {
  expect(() => build('{ ladder: [{ type: child }] }', '', false)).toThrow('there is no child without a server command');
  const ladder = '{ ladder: [{ type: exec, command: [x] }] }';
  expect(() => build(ladder, ', restart: { neighbour: { match: a-server } }', false)).toThrow(
    'a ladder is given, which decides alone',
  );
});
