import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { MemoryFile } from '../../../calculator/memory-file';

/** Null clears. */
type Steps = readonly (number | null)[];

const folder = mkdtempSync(join(tmpdir(), 'memory-'));
const path = join(folder, 'memory.jsonl');
beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

async function write(steps: Steps): Promise<number> {
  const file = MemoryFile.open(path);
  await Promise.all(steps.map((step) => (step === null ? file.clear() : file.add(step))));
  await file.close();
  return file.value;
}

const sum = (steps: Steps): number => steps.reduce<number>((value, step) => (step === null ? 0 : value + step), 0);

it('comes to the same number again, bit by bit, through clears and restarts', async () => {
  const steps = [0.1, 0.2, 0.3, null, 1e16, 1, 1, -1e16];
  expect(await write(steps)).toBe(0);
  expect(await write([])).toBe(sum(steps));
  expect(await write([5])).toBe(sum(steps));
  expect(await write([])).toBe(sum([...steps, 5]));
});

it('takes nothing for a change that is none', async () => {
  await write([1]);
  appendFileSync(path, 'null\n{"add":"7"}\n{"sub":1}\n17\n');
  expect(await write([2])).toBe(1);
  expect(await write([])).toBe(3);
});

it('loses at most the change that was being written, wherever its writer was killed', async () => {
  const aStep = fc.oneof(fc.constant(null), fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 6 }), fc.nat(), aStep, async (steps, cut, next) => {
      rmSync(path, { force: true });
      await write(steps);
      const bytes = readFileSync(path);
      const length = cut % (bytes.length + 1);
      truncateSync(path, length);
      const whole = bytes.subarray(0, length).filter((byte) => byte === 0x0a).length;
      const couldBe = [sum(steps.slice(0, whole)), sum(steps.slice(0, whole + 1))];
      const found = await write([next]);
      expect(couldBe).toContain(found);
      expect(await write([])).toBe(next === null ? 0 : found + next);
    }),
  );
});
