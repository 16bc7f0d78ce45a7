/**
 * The text of a service's settings in the registry, for whoever writes an order into it: all that stands there besides the
 * order stays. What the settings mean is the callers' affair.
 */
import type { Order } from './order';

export interface ServiceText {
  readonly settings: Readonly<Record<string, unknown>>;
  /** As it was written, whether it stands or not. */
  readonly order: Order | null;
}

/** Undefined: it is no JSON object, and nobody may write over it. No text at all has no settings. */
export function readServiceText(text: string | null): ServiceText | undefined {
  if (text === null || text.trim() === '') return { settings: {}, order: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const settings = value as ServiceText['settings'];
    const order = settings['order'] as Partial<Order> | undefined;
    return { settings, order: Array.isArray(order?.lead) ? (order as Order) : null };
  } catch {
    return undefined;
  }
}

/** The text with another order. */
export function textWithOrder({ settings }: ServiceText, order: Order): string {
  return JSON.stringify({ ...settings, order });
}
