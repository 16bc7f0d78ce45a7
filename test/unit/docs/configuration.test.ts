import type { Command } from 'commander';
import { z } from 'zod';
import { environmentOverrides } from '../../../agent/config';
import { pathText } from '../../../agent/config-faults';
import { configSchema } from '../../../agent/config-schema';
import { agentCommand } from '../../../cli/agent-command';
import { statusCommand } from '../../../cli/status-command';
import { parseClientOptions, type ClientOptions } from '../../../client/options';
import type { RegisterOptions } from '../../../client/register-understudy';
import { parseTarget } from '../../../client/target';
import type { RegistryConfig } from '../../../registry/factory';
import { registrySettings } from '../../../registry/consul/consul-settings';
import { column, defaultCell, documentText, rowsUnder } from './tables';

const configuration = documentText('docs/configuration.md');
const rows = (...headings: readonly string[]) => headings.flatMap((heading) => rowsUnder(configuration, heading));

/** What zod tells of a schema in its JSON form: the part that is looked at here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly default?: unknown;
}

interface Setting {
  readonly key: string;
  readonly otherwise: unknown;
}

const root = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;

/** Every single value of the file; mappings and the list of services are taken apart. */
function settingsOf(node: SchemaNode, path: string): readonly Setting[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    if (child.properties !== undefined) return settingsOf(child, key);
    if (child.items?.properties !== undefined) return settingsOf(child.items, `${key}[]`);
    return [{ key, otherwise: child.default }];
  });
}

/** A file in which every value is wrong: nothing may be null. */
function allWrong(node: SchemaNode): unknown {
  if (node.items?.properties !== undefined) return [allWrong(node.items)];
  if (node.properties === undefined) return null;
  return Object.fromEntries(Object.entries(node.properties).map(([name, child]) => [name, allWrong(child)]));
}

/** What the schema says is allowed, by key: the words that a user reads who wrote something else. */
function allowedWords(): Readonly<Record<string, string>> {
  const issues = configSchema.safeParse(allWrong(root)).error?.issues ?? [];
  const said = issues.map(({ path, message }) => {
    const key = pathText(path.map((step) => (typeof step === 'symbol' ? String(step) : step))).replace(
      /\[\d+\]/g,
      '[]',
    );
    // The example of a duration is its default, which has a column of its own; names are explained once.
    return [key, message.replace(/^(a duration .*), such as \S+/, '$1').replace(A_NAME, 'a name')] as const;
  });
  return Object.fromEntries(said);
}

const A_NAME = '1 to 128 letters, digits, dots, dashes and underscores, beginning and ending with a letter or digit';

describe("the tables of the agent's file", () => {
  const settings = settingsOf(root, '');
  const documented = rows(
    'agent, log, schedule, journal, admin',
    'registry',
    'services',
    'services: probe',
    'services: dependency',
    'services: process',
    'services: drain',
    'services: restart',
    'services: recovery',
    'services: guard',
    'services: guardian',
    'services: drill',
  );

  it('name every key of the schema with its default, and no other key', () => {
    const inCode = Object.fromEntries(settings.map(({ key, otherwise }) => [key, defaultCell(otherwise)]));
    expect(column(documented, 0)).toEqual(inCode);
  });

  it('allow what the schema allows, in its own words', () => {
    expect(configuration.replace(/\s+/g, ' ')).toContain(`A **name** is ${A_NAME}`);
    expect(column(documented, 1)).toEqual(allowedWords());
  });
});

describe('the tables of flags', () => {
  const flagsOf = (command: Command): readonly string[] => command.options.map(({ long }) => long ?? '').sort();

  it('name every flag of the commands, and no other', () => {
    const keys = (heading: string): readonly string[] => Object.keys(column(rows(heading), 0)).sort();
    expect(keys('Flags of `understudy agent`')).toEqual(flagsOf(agentCommand(() => undefined)));
    expect(keys('Flags of `understudy status`')).toEqual(flagsOf(statusCommand(() => undefined)));
  });

  it('are not contradicted elsewhere: every flag in the documents exists', () => {
    const scripts = ['scripts/quickstart.ts', 'scripts/bench.ts', 'scripts/soak-agent.ts', 'sim/main.ts']
      .map(documentText)
      .join('\n');
    const flags = new Set([agentCommand, statusCommand].flatMap((make) => flagsOf(make(() => undefined))));
    const known = (flag: string): boolean =>
      flags.has(flag) || scripts.includes(`'${flag}'`) || scripts.includes(`'${flag} <`);
    // The flags of Docker and Jest are not ours.
    const ours = documentText('README.md').replaceAll(/(docker compose|npx jest) [^\n|`]*/g, '');
    const inReadme = [...ours.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
    expect(inReadme.filter((flag) => !known(flag))).toEqual([]);
  });
});

describe('the tables of environment variables', () => {
  it('name every variable of the agent with its key', () => {
    const everything = new Proxy({}, { get: () => 'x', ownKeys: () => [] }) as NodeJS.ProcessEnv;
    const read = environmentOverrides(everything).map(({ origin, path }) => [origin, `\`${pathText(path)}\``]);
    const own = rows('Environment variables').filter(({ key }) => key.startsWith('UNDERSTUDY_'));
    expect(column(own, 0)).toEqual(Object.fromEntries(read));
  });

  it('name every variable of Consul that is read', () => {
    const read = new Set<string>();
    const spy = new Proxy({}, { get: (_, name) => (read.add(String(name)), undefined) }) as NodeJS.ProcessEnv;
    registrySettings({}, spy);
    const consuls = rows('Environment variables').filter(({ key }) => key.startsWith('CONSUL_'));
    expect(consuls.map(({ key }) => key).sort()).toEqual([...read].sort());
  });
});

/** What stands in the type of the options and has no default, so that no value tells of it: the compiler holds the list. */
type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];
const WITHOUT_DEFAULT: Readonly<Record<Exclude<keyof RegisterOptions, RequiredKeys<ClientOptions>>, true>> = {
  services: true,
  registry: true,
};
const REGISTRY_OPTIONS: Readonly<Record<keyof RegistryConfig, true>> = {
  ...{ address: true, token: true, tokenFile: true, datacenter: true, caFile: true, certFile: true, keyFile: true },
  ...{ tlsServerName: true, tlsSkipVerify: true, waitMs: true, timeoutMs: true, unrefSockets: true },
};

describe('the table of registerUnderstudy', () => {
  const documented = rows('`registerUnderstudy`').filter(({ key }) => !(key in REGISTRY_OPTIONS));

  it('names every option with its default', () => {
    const defaults: Readonly<Record<string, unknown>> = parseClientOptions({});
    const keys = [...Object.keys(defaults), ...Object.keys(WITHOUT_DEFAULT)];
    const inCode = keys.map((key) => [key, defaultCell(defaults[key])]);
    expect(column(documented, 0)).toEqual(Object.fromEntries(inCode));
  });

  it('tells the true bounds of every number and every choice', () => {
    const accepts = (key: string, value: unknown): boolean => {
      try {
        parseClientOptions({ [key]: value });
        return true;
      } catch {
        return false;
      }
    };
    const wrong = Object.entries(column(documented, 1)).filter(([key, cell]) => {
      const [, least, most] = /number from (\d+)(?: to (\d+))?$/.exec(cell) ?? [];
      const choices = /^one of (.*)$/.exec(cell)?.[1]?.split(', ');
      if (choices !== undefined) return !choices.every((choice) => accepts(key, choice)) || accepts(key, 'another');
      if (least === undefined) return false;
      const upper =
        most === undefined ? accepts(key, 1e9) : accepts(key, Number(most)) && !accepts(key, Number(most) + 1);
      return !upper || !accepts(key, Number(least)) || accepts(key, Number(least) - 1);
    });
    expect(wrong).toEqual([]);
  });

  it('and that of the registry together name every way to reach Consul', () => {
    const settings: Readonly<Record<string, unknown>> = { ...registrySettings({}, {}) };
    const more = rows('`registerUnderstudy`').filter(({ key }) => key in REGISTRY_OPTIONS);
    const shared = rows('registry').map(({ key }) => key.replace('registry.', ''));
    expect([...shared, ...more.map(({ key }) => key)].sort()).toEqual(Object.keys(REGISTRY_OPTIONS).sort());
    expect(column(more, 0)).toEqual(Object.fromEntries(more.map(({ key }) => [key, defaultCell(settings[key])])));
  });
});

describe('the table of targets', () => {
  const names = rows('Targets').map(({ key }) => key);

  it('names every parameter, and no other', () => {
    const refusal = (): unknown => parseTarget({ scheme: 'consul', path: 'calculator?no-such=1' });
    expect(refusal).toThrow(`(allowed: ${names.join(', ')})`);
  });

  it('sets nothing of itself', () => {
    expect(parseTarget({ scheme: 'consul', path: 'calculator' }).settings).toEqual({});
    expect(Object.values(column(rows('Targets'), 0))).toEqual(names.map(() => defaultCell(undefined)));
  });
});
