/**
 * Reads the configuration file as YAML, of which JSON is a part, and knows where in it each key stands. It knows nothing
 * of what the keys mean.
 */
import { readFileSync } from 'node:fs';
import { isMap, isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { KeyPath } from './config-faults';

/** What a user can mend in the file: a message of one or several lines, without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface ConfigSource {
  /** Plain data. */
  readonly data: unknown;
  /** `agent.yaml:12:7` of a value or key; the nearest parent's when the path itself is not there. */
  readonly place: (path: KeyPath, atKey: boolean) => string;
}

/** Throws ConfigError when the file cannot be read or is no YAML; then all mistakes of its form are told. */
export function readConfigFile(path: string): ConfigSource {
  return parseConfig(readText(path), path);
}

export function parseConfig(text: string, name: string): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`).join('\n'));
  }
  return {
    data: toData(document, name),
    place: (path, atKey) => {
      const offset = offsetOf(document, path, atKey);
      return offset === undefined ? name : at(offset);
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const why =
      { ENOENT: 'there is no such file', EACCES: 'it may not be read', EISDIR: 'it is a folder' }[code] ?? code;
    throw new ConfigError(`${path}: ${why}`);
  }
}

function toData(document: Document, name: string): unknown {
  try {
    // An empty file is an empty mapping: its faults are the keys that are missing.
    return (document.toJS() as unknown) ?? {};
  } catch (error) {
    throw new ConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function offsetOf(document: Document, path: KeyPath, atKey: boolean): number | undefined {
  const key = atKey ? keyOffset(document, path) : undefined;
  if (key !== undefined) return key;
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0];
}

function keyOffset(document: Document, path: KeyPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => String(item.key) === String(path.at(-1)));
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
}
