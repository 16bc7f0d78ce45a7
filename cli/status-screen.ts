/**
 * Where status reports go: JSON, blocks of text one below the other, or a terminal screen that is painted over. It decides
 * nothing about their contents.
 */
import { stripVTControlCharacters } from 'node:util';
import type pc from 'picocolors';
import type { StatusReport } from './status-report';
import { statusText } from './status-text';

export interface ScreenOptions {
  readonly out: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'>;
  readonly colors: Pick<typeof pc, 'bold' | 'dim' | 'red' | 'yellow' | 'green'>;
  readonly json: boolean;
  /** More than one report will come. */
  readonly watch: boolean;
}

const HOME = '\x1b[H';
const CLEAR = '\x1b[2J';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export class StatusScreen {
  private shown = 0;

  constructor(private readonly options: ScreenOptions) {}

  /** Whether what it shows may be shown again, to let ages grow. */
  get repaints(): boolean {
    return this.options.watch && !this.options.json && this.options.out.isTTY;
  }

  show(report: StatusReport): void {
    const { out, json, watch } = this.options;
    this.shown += 1;
    if (json) out.write(`${JSON.stringify(report, null, watch ? 0 : 2)}\n`);
    else if (this.repaints) this.paint(report);
    else if (watch) out.write(`${this.shown > 1 ? '\n' : ''}--- ${report.at}\n${this.text(report)}\n`);
    else out.write(`${this.text(report)}\n`);
  }

  private paint(report: StatusReport): void {
    const lines = screenful(this.text(report), this.options.out);
    const text = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.options.out.write(`${this.shown > 1 ? '' : CLEAR}${HOME}${text}${CLEAR_BELOW}`);
  }

  private text(report: StatusReport): string {
    const { out, colors } = this.options;
    return statusText(report, { colors, columns: out.isTTY ? out.columns : undefined });
  }
}

/** No more than fits, with one row kept for the cursor: a screen that scrolls cannot be painted over. */
export function screenful(text: string, size: { readonly rows: number; readonly columns: number }): readonly string[] {
  const lines = text.split('\n');
  const fitting = linesIn(lines, size.rows - 1, size.columns);
  if (fitting === lines.length) return lines;
  const shown = linesIn(lines, size.rows - 2, size.columns);
  const more = `… ${lines.length - shown} more lines: name a service, or make the window larger`;
  return [...lines.slice(0, shown), more];
}

/** How many of the first lines fit into so many rows, when the terminal wraps the long ones. */
function linesIn(lines: readonly string[], rows: number, columns: number): number {
  let left = rows;
  const tooMany = lines.findIndex((line) => {
    left -= Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
    return left < 0;
  });
  return tooMany < 0 ? lines.length : tooMany;
}
