/**
 * A worker's code as plain JavaScript, since that is what users run: ts-node keeps a compiler in the heap of the process
 * that is to be measured, and loads Node's `domain`, which makes every EventEmitter a slow one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  esModuleInterop: true,
};

const made = new Map<string, Readonly<Record<string, string>>>();

/** By path: the entry, and every source that it needs; of packages nothing. */
export function plainCode(entry: string): Readonly<Record<string, string>> {
  const known = made.get(entry);
  if (known !== undefined) return known;
  const code: Record<string, string> = {};
  const add = (file: string): void => {
    if (file in code) return;
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: OPTIONS, fileName: file });
    code[file] = outputText;
    for (const { fileName } of ts.preProcessFile(outputText, true, true).importedFiles) {
      const source = resolve(dirname(file), `${fileName}.ts`);
      if (fileName.startsWith('.') && existsSync(source)) add(source);
    }
  };
  add(entry);
  made.set(entry, code);
  return code;
}
