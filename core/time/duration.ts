/** Durations as people write them: `500ms`, `10s`, `1m`, `2h`, or a plain number of milliseconds. */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds, or undefined when it is no duration. `1.5s` is one, `1m30s` and negative numbers are not. */
export function parseDuration(written: unknown): number | undefined {
  if (typeof written === 'number') return Number.isFinite(written) && written >= 0 ? written : undefined;
  if (typeof written !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(written.trim());
  if (match === null) return undefined;
  return Number(match[1]) * UNITS[(match[2] ?? 'ms') as keyof typeof UNITS];
}

/** The shortest form that parses back to the same: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((name) => ms > 0 && ms % UNITS[name] === 0) ?? 'ms';
  return `${ms / UNITS[unit]}${unit}`;
}
