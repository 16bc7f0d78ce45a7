import type { CatalogEntry } from '../../../../core/domain/instance';
import { registrationBody } from '../../../../registry/consul/consul-entry';
import { catalogEntries, healthItem } from '../../../../registry/consul/consul-health';
import { ListReader } from '../../../../registry/consul/list-reader';
import { instance, registration } from '../../../support/registrations';

const serf = { CheckID: 'serfHealth', Status: 'passing', Output: 'Agent alive and reachable', ServiceID: '' };
const own = { CheckID: 'understudy:calculator-1', Status: 'passing', Output: 'probe ok', ServiceID: 'calculator-1' };

function item(checks: readonly object[], node = 'n1', epoch = 1): object {
  const body = registrationBody(registration(instance('calculator', { epoch })), '0.1.0');
  return { Node: { Node: node, Address: '10.0.0.1' }, Service: { ...body, Service: 'calculator' }, Checks: checks };
}

const entriesOf = (answer: readonly unknown[]): readonly CatalogEntry[] =>
  catalogEntries(answer.map((one) => healthItem(one)));

function said(...checks: readonly object[]): string {
  return entriesOf([item(checks)])
    .map(({ health, reason }) => `${health}: ${reason}`)
    .join();
}

it.each([
  ['its own check when all is well', [serf, own], 'passing: probe ok'],
  [
    'the notes while Consul has no output yet',
    [serf, { ...own, Output: '', Notes: 'when it was registered: first probe ok' }],
    'passing: first probe ok',
  ],
  [
    'its own check when it is the worst',
    [serf, { ...own, Status: 'critical', Output: 'refused' }],
    'critical: refused',
  ],
  [
    'the node when the machine is gone, whatever the own check still says',
    [own, { ...serf, Status: 'critical', Output: 'Agent not live or unreachable' }],
    'critical: Agent not live or unreachable',
  ],
  [
    'maintenance before everything',
    [
      { ...own, Status: 'critical', Output: 'stopped' },
      {
        CheckID: '_service_maintenance:calculator-1',
        Status: 'critical',
        Notes: 'new disk',
        ServiceID: 'calculator-1',
      },
    ],
    'maintenance: new disk',
  ],
  [
    'maintenance of the node',
    [own, { CheckID: '_node_maintenance', Status: 'critical', Notes: 'reboot', ServiceID: '' }],
    'maintenance: reboot',
  ],
  ['one trimmed line', [{ ...own, Output: '  two\n  lines \n' }], 'passing: two lines'],
  ['an unknown status as critical', [{ ...own, Status: 'purple', Output: '?' }], 'critical: ?'],
  ['that nothing is said', [], 'passing: no check says anything'],
])('tells %s', (_name, checks, expected) => {
  expect(said(...checks)).toBe(expected);
});

it('drops the ghost that an older incarnation left on another Consul agent', () => {
  const entries = entriesOf([item([own], 'old', 1), item([{ ...own, Output: 'new' }], 'new', 2)]);
  expect(entries.map(({ epoch, reason }) => [epoch, reason])).toEqual([[2, 'new']]);
});

it('keeps instances of others apart that have the same id on different nodes', () => {
  const web = (node: string, address: string): object => ({
    Node: { Node: node, Address: address },
    Service: { ID: 'web', Service: 'web', Port: 80 },
    Checks: [],
  });
  const entries = entriesOf([web('n1', '10.0.0.1'), web('n2', '10.0.0.2')]);
  expect(entries.map(({ id, address }) => `${id} ${address}`)).toEqual(['web@n1 10.0.0.1', 'web@n2 10.0.0.2']);
});

it.each([[{}], [null], ['text'], [{ Service: [], Checks: {}, Node: 7 }]])('survives the nonsense %j', (nonsense) => {
  expect(entriesOf([nonsense])).toHaveLength(1);
});

it('takes an item that says the same in other bytes for what it was', () => {
  const before = healthItem(item([serf, own]));
  expect(healthItem({ ...item([serf, own]), Datacenter: 'dc2' }, before)).toBe(before);
  expect(healthItem(item([serf, { ...own, Status: 'warning' }]), before)).not.toBe(before);
  expect(healthItem(item([serf, own], 'n2'), before)).not.toBe(before);
});

it('reads the news of one among thousands in less time than the JSON of all takes', () => {
  const answer = (health: string): Buffer =>
    Buffer.from(
      JSON.stringify(
        Array.from({ length: 2_000 }, (_, place) => {
          const body = registrationBody(registration(instance('calculator', { id: `calculator-${place}` })), '0.1.0');
          const check = { ...own, Status: place === 1_000 ? health : 'passing' };
          return { Node: { Node: 'n1' }, Service: { ...body, Service: 'calculator' }, Checks: [serf, check] };
        }),
      ),
    );
  const answers = [answer('passing'), answer('critical')];
  const reader = new ListReader(healthItem);
  answers.forEach((body) => reader.take(body));
  const ratios = Array.from({ length: 9 }, (_, run) => {
    const body = answers[run % 2] ?? Buffer.alloc(0);
    const parsing = process.cpuUsage();
    JSON.parse(body.toString());
    const { user: parsed } = process.cpuUsage(parsing);
    const reading = process.cpuUsage();
    catalogEntries(reader.take(body) ?? []);
    return process.cpuUsage(reading).user / Math.max(1, parsed);
  });
  expect(Math.min(...ratios)).toBeLessThan(1);
});
