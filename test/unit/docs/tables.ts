/** Reads the tables of docs/configuration.md: what it promises, row by row. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

export interface Row {
  /** The first cell, without its backticks. */
  readonly key: string;
  /** The other cells, as they stand. */
  readonly cells: readonly string[];
}

export function documentText(name: string): string {
  return readFileSync(resolve(ROOT, name), 'utf8');
}

/** The rows below one heading and above the next, over all tables there; only those whose first cell is code. */
export function rowsUnder(markdown: string, heading: string): readonly Row[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line));
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  return section.flatMap((line) => {
    const [, first = '', ...cells] = line.split('|').map((cell) => cell.trim());
    const key = /^`([^`]+)`$/.exec(first)?.[1];
    return key === undefined ? [] : [{ key, cells: cells.slice(0, -1) }];
  });
}

/** Rows as an object from key to one of their cells; a key that stands twice is an error. */
export function column(rows: readonly Row[], at: number): Readonly<Record<string, string>> {
  const keys = rows.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new Error(`${twice} stands in two rows`);
  return Object.fromEntries(rows.map(({ key, cells }) => [key, cells[at] ?? '']));
}

/** A default as the tables write it. */
export function defaultCell(value: unknown): string {
  if (value === undefined) return '–';
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
  return `\`${text}\``;
}
