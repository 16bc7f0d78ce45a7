/**
 * Decides whether tests that need a Docker engine run. Without an engine they are skipped, loudly; where CI is set they
 * are never skipped, so that they fail instead.
 */
import { existsSync } from 'node:fs';
import { missingEngine } from '../../scripts/compose/docker';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** `it`, or its skipping twin. */
export function itWithEngine(): jest.It {
  return itUnless(missingEngine());
}

/** The same for tests that open a browser as well. */
export function itWithBrowser(): jest.It {
  return itUnless(missingEngine() ?? missingBrowser());
}

/** The same for tests that open a browser and need no engine. */
export function itWithBrowserAlone(): jest.It {
  return itUnless(missingBrowser());
}

function missingBrowser(): string | undefined {
  return existsSync(CHROMIUM) ? undefined : `there is no browser at ${CHROMIUM}`;
}

function itUnless(missing: string | undefined): jest.It {
  if (missing === undefined || (process.env['CI'] ?? '') !== '') return it;
  process.stderr.write(`\nSKIPPED, AND NOTHING PROVEN: ${missing}\n\n`);
  return it.skip;
}
