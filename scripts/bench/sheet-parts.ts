/** All parts whose result is one plain table, in the order of the page. */
import { AGENT } from './agent';
import { CATALOG } from './catalog';
import { EVENTS } from './events';
import { LEAK } from './leak';
import { PICK } from './pick';
import { RECOVERY } from './recovery';
import type { SheetPart } from './sheet-part';

export const SHEET_PARTS: readonly SheetPart[] = [RECOVERY, EVENTS, CATALOG, PICK, AGENT, LEAK];
