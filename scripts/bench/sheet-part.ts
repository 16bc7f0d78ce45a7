/** A part of the bench whose result is one plain table. Types alone. */
import type { Cleanup } from '../quickstart/cleanup';
import type { SheetResult } from './results';

export interface SheetOptions {
  readonly command: string;
  readonly quick: boolean;
  /** What `--runs` asked for; a part without runs takes no notice. */
  readonly runs?: number | undefined;
}

export interface SheetPart {
  /** Of the part for `--only`, of its key in the results and of its image. */
  readonly name: 'recovery' | 'events' | 'catalog' | 'pick' | 'agent' | 'leak';
  readonly title: string;
  /** Markdown: what was measured, and how. */
  readonly words: string;
  /** Key in a row, and head of its column. */
  readonly columns: Readonly<Record<string, string>>;
  readonly plot?: { readonly shows: string; readonly svg: (result: SheetResult) => Promise<string> };
  /** Whatever it starts is ended by `cleanup`. */
  readonly measure: (options: SheetOptions, cleanup: Cleanup, say: (line: string) => void) => Promise<SheetResult>;
}
