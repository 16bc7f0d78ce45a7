/**
 * Where status reports go: JSON, blocks of text one below the other, or a terminal screen that is painted over. It decides
 * nothing about their contents.
 */
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
    const lines = screenful(this.text(report), this.options.out.rows);
    const text = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.options.out.write(`${this.shown > 1 ? '' : CLEAR}${HOME}${text}${CLEAR_BELOW}`);
  }

  private text(report: StatusReport): string {
    const { out, colors } = this.options;
    return statusText(report, { colors, columns: out.isTTY ? out.columns : undefined });
  }
}

/** No more lines than there are rows, one of them kept for the cursor: a screen that scrolls cannot be painted over. */
export function screenful(text: string, rows: number): readonly string[] {
  const lines = text.split('\n');
  const room = Math.max(2, rows - 1);
  if (lines.length <= room) return lines;
  return [
    ...lines.slice(0, room - 1),
    `… ${lines.length - room + 1} more lines: name a service, or make the window taller`,
  ];
}
