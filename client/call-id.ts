/**
 * Gives a call its id, by which servers that remember ids tell its attempts from new calls. It stands below the stub and
 * above the attempts: one call, one id, however often it is sent. An id that the user has set stays.
 */
import type { Metadata } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { CALL_ID_KEY, formatCallId } from '../core/decide/call-id';
import type { Clock } from '../core/time/clock';
import { BaseFilter } from './grpc-experimental';

/**
 * A fresh call id, for those who send a call again by themselves: after a deadline, or after a restart of their own.
 * Keep it before the first attempt, and set it in the metadata of each: `metadata.set(CALL_ID_KEY, id)`.
 */
export function newCallId(unixMs: number = Date.now()): string {
  return formatCallId(unixMs, randomUUID());
}

export class CallIdFilter extends BaseFilter {
  constructor(private readonly clock: Pick<Clock, 'unixMs'>) {
    super();
  }

  override async sendMetadata(pending: Promise<Metadata>): Promise<Metadata> {
    const metadata = await pending;
    if (metadata.get(CALL_ID_KEY).length === 0) metadata.set(CALL_ID_KEY, newCallId(this.clock.unixMs()));
    return metadata;
  }
}
