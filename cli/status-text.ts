/**
 * Shows a status report to people: a line about the registry, and a table for each service. Pure: width and colours are
 * arguments. What other programs wrote into the catalog never reaches the terminal as a control character.
 */
import Table from 'cli-table3';
import type pc from 'picocolors';
import type { Health } from '../core/domain/health';
import { printable } from './printable';
import type { InstanceReport, ServiceReport, StatusReport } from './status-report';

export interface TextOptions {
  readonly colors: Pick<typeof pc, 'bold' | 'dim' | 'red' | 'yellow' | 'green'>;
  /** Of the terminal; undefined: as wide as needed. */
  readonly columns?: number | undefined;
}

type Paint = (text: string) => string;

const HEADINGS = ['INSTANCE', 'ROLE', 'TIER', 'HEALTH', 'ADDRESS', 'AGE', 'REASON'] as const;
const GAP = 2;
/** With less room than this, reasons are left to the terminal's own wrapping. */
const LEAST_REASON_WIDTH = 24;

// Nothing but spaces between the columns; cli-table3 leaves out a rule whose characters are all empty.
const NO_RULES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

/** Lines without an end of line after the last. */
export function statusText(report: StatusReport, options: TextOptions): string {
  const services = report.services.map((service) => serviceText(service, options));
  if (report.services.length === 0 && report.awayMs === null) services.push(printable(report.reason));
  return [registryText(report, options), ...services].join('\n\n');
}

/** The two largest units, rounded down: `42s`, `5m 3s`, `2h 0m`, `12d 4h`. */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

function registryText({ registry, awayMs, reason }: StatusReport, { colors }: TextOptions): string {
  const version =
    registry.version === null ? 'version not told: the token lacks agent:read' : `version ${registry.version}`;
  if (awayMs !== null) {
    const away = `no answer for ${ageText(awayMs)}: ${printable(reason)}`;
    return `${registry.description}, ${version}\n${colors.red(away)}\nWhat was known then:`;
  }
  const leader = { true: ', has a leader', false: `, ${colors.red('has no leader')}`, null: '' }[`${registry.leader}`];
  return printable(`${registry.description}, ${version}`) + leader;
}

function serviceText(service: ServiceReport, options: TextOptions): string {
  const { colors } = options;
  const paint = { well: colors.green, degraded: colors.yellow, down: colors.red }[service.state];
  const title = `${colors.bold(printable(service.service))}  ${paint(service.state)}: ${printable(service.reason)}`;
  return service.instances.length === 0 ? title : `${title}\n${instanceTable(service.instances, options)}`;
}

function instanceTable(instances: readonly InstanceReport[], { colors, columns }: TextOptions): string {
  const rows = instances.map((instance) => cells(instance).map(printable));
  const widths = HEADINGS.map((heading, at) =>
    Math.max(...[heading, ...rows.map((row) => row[at] ?? '')].map(({ length }) => length)),
  );
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0);
  const room = (columns ?? Infinity) - others;
  const reasonWidth = room >= LEAST_REASON_WIDTH && room < (widths.at(-1) ?? 0) ? room : null;
  const table = new Table({
    chars: NO_RULES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    wordWrap: reasonWidth !== null,
    colWidths: [...widths.slice(0, -1).map((width) => width + GAP), reasonWidth],
  });
  table.push(HEADINGS.map((heading) => colors.dim(heading)));
  for (const [at, row] of rows.entries()) {
    const paint = healthPaint(instances[at]?.health ?? 'missing', colors);
    table.push(row.map((cell, column) => (column === HEADINGS.indexOf('HEALTH') ? paint(cell) : cell)));
  }
  return table.toString().replace(/ +$/gm, '');
}

function cells({ id, role, tier, health, address, ageMs, reason }: InstanceReport): readonly string[] {
  return [id, role, String(tier), health, address, ageMs === null ? '-' : ageText(ageMs), reason];
}

function healthPaint(health: Health, { green, yellow, red }: TextOptions['colors']): Paint {
  return { passing: green, warning: yellow, maintenance: yellow, critical: red, missing: red }[health];
}
