/** Sizes as people write them: `512MiB`, `2GiB`, `1.5GiB`, or a plain number of bytes. */
const UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Whole bytes, or undefined when it is no size. */
export function parseBytes(written: unknown): number | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? written : undefined;
  if (typeof written !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|TiB)?$/.exec(written.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (match[2] === undefined ? 1 : UNITS[match[2] as keyof typeof UNITS]));
}

/** The shortest form that parses back to the same: `2GiB`, `1536MiB`, `1000`. */
export function formatBytes(bytes: number): string {
  const unit = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find((name) => bytes > 0 && bytes % UNITS[name] === 0);
  return unit === undefined ? String(bytes) : `${bytes / UNITS[unit]}${unit}`;
}

/** For people, rounded: `2.1 GiB`, `340 MiB`. */
export function roughBytes(bytes: number): string {
  const unit = (['TiB', 'GiB', 'MiB'] as const).find((name) => bytes >= UNITS[name]) ?? 'KiB';
  const value = bytes / UNITS[unit];
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`;
}
