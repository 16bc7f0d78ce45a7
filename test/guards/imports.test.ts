import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const fixtures = join(__dirname, 'fixtures');

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

/** The fixtures are a tree with the rooms of the project: the same rules, run from inside it, judge it. */
function cruise(): Report['summary'] {
  const words = ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', '.'];
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const output = execFileSync(process.execPath, [cli, ...words], {
    cwd: fixtures,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return (JSON.parse(output) as Report).summary;
}

/** Each planted file says in its first line which rule it breaks; a file without such a line breaks none. */
function planted(): readonly string[] {
  return readdirSync(fixtures, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const rule = /^\/\/ breaks: (\S+)/.exec(readFileSync(file, 'utf8'))?.[1];
      return rule === undefined ? [] : [`${relative(fixtures, file)} breaks ${rule}`];
    })
    .sort();
}

describe('the import rules', () => {
  const summary = cruise();

  it('catch each planted violation, by the rule it breaks and by no other', () => {
    const caught = summary.violations.map(({ from, rule }) => `${from} breaks ${rule.name}`);
    expect(caught.sort()).toEqual(planted());
  });

  it('are all proved: none is without a planted violation', () => {
    const proved = planted().map((line) => line.split(' breaks ')[1]);
    const rules = summary.ruleSetUsed.forbidden.map(({ name }) => name);
    expect([...new Set(proved)].sort()).toEqual([...rules].sort());
  });
});
