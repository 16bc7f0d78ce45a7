/**
 * Checks what the documents promise: that each relative link leads to a file and to a heading that exist, and that each
 * `npm run` command is one of package.json's. As a command (`npm run check:docs`) it prints `file:line message` for
 * each broken promise and ends with 1. It never looks at the network.
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const TOP_LEVEL = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];

/** Problems found under `root`, each as `file:line message`; none when all is well. */
export function checkDocs(root: string): readonly string[] {
  const { scripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts?: Readonly<Record<string, string>>;
  };
  return documents(root).flatMap((file) => {
    const name = relative(root, file);
    return proseLines(readFileSync(file, 'utf8')).flatMap(({ line, number, isCode }) => {
      const links = isCode ? [] : linksIn(line).map((link) => linkProblem(root, file, link));
      const commands = commandsIn(line).map((command) =>
        command in scripts ? undefined : `package.json has no script "${command}"`,
      );
      return [...links, ...commands]
        .filter((problem) => problem !== undefined)
        .map((problem) => `${name}:${String(number)} ${problem}`);
    });
  });
}

function documents(root: string): readonly string[] {
  const docs = join(root, 'docs');
  const below = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }) : [];
  return [...TOP_LEVEL, ...below.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))]
    .map((name) => join(root, name))
    .filter((file) => existsSync(file));
}

interface Line {
  readonly line: string;
  readonly number: number;
  /** Inside a fenced block: commands count there, links do not. */
  readonly isCode: boolean;
}

function proseLines(markdown: string): readonly Line[] {
  let fence: string | undefined;
  return markdown.split('\n').map((line, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    const isCode = fence !== undefined || mark !== undefined;
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
    return { line, number: index + 1, isCode };
  });
}

/** Targets of inline links, images, reference definitions and HTML attributes. */
function linksIn(line: string): readonly string[] {
  const text = line.replace(/`[^`]*`/g, '');
  const forms = [/\]\(\s*<?([^)\s>]+)/g, /^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g, /\b(?:href|src|srcset)="([^"\s]+)/g];
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
}

function commandsIn(line: string): readonly string[] {
  const run = [...line.matchAll(/\bnpm (?:run|run-script)(?: -s| --silent)? ([\w:-]+)/g)].map(
    (match) => match[1] ?? '',
  );
  const short = [...line.matchAll(/\bnpm (start|test)\b/g)].map((match) => match[1] ?? '');
  return [...run.filter((name) => !name.startsWith('-')), ...short];
}

function linkProblem(root: string, file: string, link: string): string | undefined {
  if (/^([a-z][a-z+.-]*:|\/\/)/i.test(link)) return undefined;
  const [path = '', anchor] = decodeURI(link).split('#');
  const target = path === '' ? file : path.startsWith('/') ? join(root, path) : resolve(dirname(file), path);
  if (!existsSync(target)) return `link to ${link}: there is no ${relative(root, target)}`;
  if (anchor === undefined || anchor === '' || !target.endsWith('.md') || statSync(target).isDirectory())
    return undefined;
  if (anchorsOf(readFileSync(target, 'utf8')).has(anchor)) return undefined;
  return `link to ${link}: ${relative(root, target)} has no heading #${anchor}`;
}

/** Anchors as GitHub makes them: lower case, without punctuation, hyphens for spaces, and a number when repeated. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const { line, isCode } of proseLines(markdown)) {
    for (const match of line.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(match[1] ?? '');
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(line)?.[1];
    if (heading === undefined || isCode) continue;
    const words = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const base = words.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replace(/ /g, '-');
    const times = seen.get(base) ?? 0;
    seen.set(base, times + 1);
    anchors.add(times === 0 ? base : `${base}-${String(times)}`);
  }
  return anchors;
}

if (require.main === module) {
  const problems = checkDocs(resolve(__dirname, '..'));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
