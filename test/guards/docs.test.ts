import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkDocs } from '../../scripts/check-docs';

describe('the check of the documents', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'understudy-docs-'));
    write('package.json', '{ "scripts": { "start": "x", "check:docs": "x" } }');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const write = (name: string, ...lines: readonly string[]): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), lines.join('\n'));
  };

  it('is content with links, anchors and commands that exist, and leaves the network alone', () => {
    write(
      'docs/guide/use.md',
      '# Use',
      '## Fail over, then `fail back`!',
      '## Use',
      '[up](../../README.md#what-it-is)',
    );
    write(
      'README.md',
      '# What it is',
      '[a](docs/guide/use.md#fail-over-then-fail-back) [b](docs/guide/use.md#use-1 "title") [c](docs/) [d](#what-it-is)',
      '[e](https://example.com/nowhere.md#x) <img src="docs/guide/use.md"> `[f](not-a-link.md)`',
      '```sh',
      'npm start && npm run check:docs   # [g](also-none.md)',
      '```',
      '[h]: docs/guide/use.md',
    );
    expect(checkDocs(root)).toEqual([]);
  });

  it('names file and line of each broken promise', () => {
    write(
      'README.md',
      '# Title',
      'See [the guide](docs/missing.md) and ![a picture](docs/missing.png).',
      'See [below](#no-such-heading) and run `npm run chekc`, then `npm test`.',
      '[ref]: /docs/gone.md',
    );
    write('docs/use.md', '[home](../README.md#titel)', '<a href="nowhere.html">here</a>');
    expect(checkDocs(root)).toEqual([
      'README.md:2 link to docs/missing.md: there is no docs/missing.md',
      'README.md:2 link to docs/missing.png: there is no docs/missing.png',
      'README.md:3 link to #no-such-heading: README.md has no heading #no-such-heading',
      'README.md:3 package.json has no script "chekc"',
      'README.md:3 package.json has no script "test"',
      'README.md:4 link to /docs/gone.md: there is no docs/gone.md',
      'docs/use.md:1 link to ../README.md#titel: README.md has no heading #titel',
      'docs/use.md:2 link to nowhere.html: there is no docs/nowhere.html',
    ]);
  });
});
