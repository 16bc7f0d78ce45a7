/**
 * What the load process says, a JSON line each (calculator/load-main.ts), and what its failed calls have in common.
 */
export interface LoadLine {
  readonly event: string;
  /** Unix ms. */
  readonly atMs: number;
  readonly [key: string]: unknown;
}

/** Failed calls, alike ones together: `3 x add UNAVAILABLE: read ECONNRESET`. Lines of other events are passed over. */
export function failedAlike(lines: readonly LoadLine[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { event, ...line } of lines) {
    if (event !== 'call-failed') continue;
    // Times differ from call to call; who was waited for does not.
    const details = String(line['details'])
      .replace(/ after [\d.]+s/, '')
      .replace(/[^,]*: [\d.]+s,?/g, '');
    const what = `${String(line['method'])} ${String(line['code'])}: ${details}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} x ${what}`);
}
