import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

/** ESLint loads its configuration as an ES module, which Jest cannot do: it runs beside, once for all snippets. */
const linter = `
  import { ESLint } from 'eslint';
  import { text } from 'node:stream/consumers';
  const eslint = new ESLint();
  const answers = [];
  for (const { filePath, code } of JSON.parse(await text(process.stdin))) {
    answers.push((await eslint.lintText(code, { filePath }))[0].messages);
  }
  process.stdout.write(JSON.stringify(answers));
`;

interface Message {
  readonly line: number;
  readonly ruleId: string | null;
  readonly message: string;
}

/**
 * Lints each text as if it stood in the named file, which must exist because types are looked up. Where CI is "true",
 * typescript-eslint takes the text of that file from the disk and these cases would never be read.
 */
function lint(texts: readonly { readonly filePath: string; readonly code: string }[]): readonly (readonly Message[])[] {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', linter], {
    cwd: root,
    env: { ...process.env, CI: '' },
    input: JSON.stringify(texts),
    encoding: 'utf8',
  });
  return JSON.parse(output) as readonly (readonly Message[])[];
}

/** Lines of code, each with the rule that must object to it. */
const inCore = [
  ['export const now = Date.now();', 'no-restricted-properties'],
  ['export const dice = Math.random();', 'no-restricted-properties'],
  ['export const today = new Date();', 'no-restricted-syntax'],
  ['setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  ['setInterval(() => undefined, 1);', 'no-restricted-globals'],
  ['setImmediate(() => undefined);', 'no-restricted-globals'],
  ['queueMicrotask(() => undefined);', 'no-restricted-globals'],
  ['export const tick = performance.now();', 'no-restricted-globals'],
  ['export const pid = process.pid;', 'no-restricted-globals'],
  ["console.log('hello');", 'no-console'],
] as const;

const anywhere = [
  ['Promise.resolve(1);', '@typescript-eslint/no-floating-promises'],
  ["console.log('hello');", 'no-console'],
  ['export default 1;', 'no-restricted-exports'],
  [
    "import { Clock } from '../core/time/clock'; export const clock = {} as Clock;",
    '@typescript-eslint/consistent-type-imports',
  ],
  ["export const loose = (word: string) => word == 'x';", 'eqeqeq'],
  ['export const anything: any = 1;', '@typescript-eslint/no-explicit-any'],
  [
    "export function choose(side: 'left' | 'right'): void { switch (side) { case 'left': break; } }",
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  [`export const tangled = (n: number) => ${'n === 1 || '.repeat(12)}n === 2;`, 'complexity'],
] as const;

const inTests = [
  ["it.only('is alone', () => { expect(1).toBe(1); });", 'jest/no-focused-tests'],
  ["it('asserts nothing', () => undefined);", 'jest/expect-expect'],
  ["it.skip('sleeps', () => { expect(1).toBe(1); });", 'jest/no-disabled-tests'],
] as const;

describe('the lint rules', () => {
  const code = (cases: readonly (readonly [string, string])[]): string => cases.map(([line]) => line).join('\n');
  const longFunction = `export function long(): void {\n${'  Boolean(1);\n'.repeat(61)}}\n`;
  const longFile = 'export {};\n'.repeat(301);
  const [core, common, tests, script, functionTooLong, fileTooLong] = lint([
    { filePath: 'core/time/clock.ts', code: code(inCore) },
    { filePath: 'runtime/sleep.ts', code: code(anywhere) },
    { filePath: 'test/guards/lint.test.ts', code: code(inTests) },
    { filePath: 'scripts/consul-binary.ts', code: "console.log('hello');\n" },
    { filePath: 'runtime/sleep.ts', code: longFunction },
    { filePath: 'runtime/sleep.ts', code: longFile },
  ]);
  const rulesAt = (messages: readonly Message[] | undefined, line: number): readonly unknown[] =>
    (messages ?? []).filter((message) => message.line === line).map(({ ruleId }) => ruleId);

  it.each(inCore.map(([line, rule], index) => ({ line, rule, index })))('refuse in core: $line', ({ rule, index }) => {
    expect(rulesAt(core, index + 1)).toContain(rule);
  });

  it.each(anywhere.map(([line, rule], index) => ({ line, rule, index })))('refuse: $line', ({ rule, index }) => {
    expect(rulesAt(common, index + 1)).toContain(rule);
  });

  it.each(inTests.map(([line, rule], index) => ({ line, rule, index })))('refuse: $line', ({ rule, index }) => {
    expect(rulesAt(tests, index + 1)).toContain(rule);
  });

  it('refuse a function of more than 60 lines and a file of more than 300', () => {
    expect(functionTooLong?.map(({ ruleId }) => ruleId)).toContain('max-lines-per-function');
    expect(fileTooLong?.map(({ ruleId }) => ruleId)).toContain('max-lines');
  });

  it('let scripts speak to the console', () => {
    expect(script).toEqual([]);
  });
});
