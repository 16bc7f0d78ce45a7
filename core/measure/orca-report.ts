/**
 * Reads and writes load reports as they stand on the wire: the protobuf message xds.data.orca.v3.OrcaLoadReport (ORCA,
 * gRFC A51). Only the fields that a weight is made of; what else a report holds is passed over. Never throws.
 */
import type { LoadReport } from '../pick/load-weight';

/** The key in the trailers of a call. */
export const LOAD_REPORT_KEY = 'endpoint-load-metrics-bin';

const CPU_UTILIZATION = 1;
const QPS = 6;
const EPS = 7;
const APPLICATION_UTILIZATION = 9;

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const DOUBLE_FIELD_LENGTH = 9;

/** As `rps_fractional`, `eps` and `application_utilization`. */
export function encodeLoadReport({ qps, eps, utilization }: LoadReport): Uint8Array {
  const fields = [
    [QPS, qps],
    [EPS, eps],
    [APPLICATION_UTILIZATION, utilization],
  ] as const;
  const bytes = new Uint8Array(fields.length * DOUBLE_FIELD_LENGTH);
  const view = new DataView(bytes.buffer);
  for (const [place, [field, value]] of fields.entries()) {
    view.setUint8(place * DOUBLE_FIELD_LENGTH, (field << 3) | FIXED64);
    view.setFloat64(place * DOUBLE_FIELD_LENGTH + 1, value, true);
  }
  return bytes;
}

/** @returns null for bytes that are not a report; what a report leaves out is 0 */
export function decodeLoadReport(bytes: Uint8Array): LoadReport | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const doubles = new Map<number, number>();
  for (let at = 0; at < bytes.length;) {
    const tag = varintAt(bytes, at);
    if (tag === null) return null;
    const end = endOfField(bytes, tag.value & 7, tag.end);
    if (end === null || end > bytes.length) return null;
    if ((tag.value & 7) === FIXED64) doubles.set(tag.value >>> 3, view.getFloat64(tag.end, true));
    at = end;
  }
  const application = doubles.get(APPLICATION_UTILIZATION) ?? 0;
  const utilization = application > 0 ? application : (doubles.get(CPU_UTILIZATION) ?? 0);
  return { qps: doubles.get(QPS) ?? 0, eps: doubles.get(EPS) ?? 0, utilization };
}

/** Where the value that begins at `at` ends; null where that cannot be told. */
function endOfField(bytes: Uint8Array, wireType: number, at: number): number | null {
  switch (wireType) {
    case VARINT:
      return varintAt(bytes, at)?.end ?? null;
    case FIXED64:
      return at + 8;
    case LENGTH_DELIMITED: {
      const length = varintAt(bytes, at);
      return length === null ? null : length.end + length.value;
    }
    case FIXED32:
      return at + 4;
    default:
      return null;
  }
}

const MOST_VARINT_BYTES = 10;

/** Exact up to 2^53; longer ones are skipped rightly all the same. */
function varintAt(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let place = 0; place < MOST_VARINT_BYTES; place += 1) {
    const byte = bytes[at + place];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * place);
    if (byte < 0x80) return { value, end: at + place + 1 };
  }
  return null;
}
