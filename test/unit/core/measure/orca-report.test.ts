import fc from 'fast-check';
import { decodeLoadReport, encodeLoadReport } from '../../../../core/measure/orca-report';

const bytesOf = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
const double = (field: number, value: number): readonly number[] => [
  (field << 3) | 1,
  ...new Uint8Array(new Float64Array([value]).buffer),
];

describe('a load report on the wire', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.record({ qps: fc.double(), eps: fc.double(), utilization: fc.double() }), (report) => {
        const sent = encodeLoadReport(report);
        const back = decodeLoadReport(sent);
        expect(back).toMatchObject({ qps: report.qps, eps: report.eps });
        expect(back?.utilization).toBe(report.utilization > 0 ? report.utilization : 0);
      }),
    );
  });

  it('counts the CPU where the application says nothing of itself', () => {
    expect(decodeLoadReport(bytesOf(double(1, 0.4), double(6, 10)))).toEqual({ qps: 10, eps: 0, utilization: 0.4 });
    expect(decodeLoadReport(bytesOf(double(1, 0.4), double(9, 0.7)))?.utilization).toBe(0.7);
  });

  it('may hold fields of every other kind, which are passed over', () => {
    const other = bytesOf(
      [(3 << 3) | 0, 0xff, 0xff, 0x03],
      [(4 << 3) | 2, 3, 1, 2, 3],
      [(200 << 3) & 0x7f, 12].map((byte, place) => (place === 0 ? byte | 0x80 | 5 : byte)),
      [1, 2, 3, 4],
      double(6, 5),
    );
    expect(decodeLoadReport(other)).toEqual({ qps: 5, eps: 0, utilization: 0 });
    expect(decodeLoadReport(new Uint8Array())).toEqual({ qps: 0, eps: 0, utilization: 0 });
  });

  it('is nothing when it is cut short or rubbish, and never an exception', () => {
    const whole = encodeLoadReport({ qps: 1, eps: 2, utilization: 3 });
    expect(decodeLoadReport(whole.subarray(0, 5))).toBeNull();
    expect(decodeLoadReport(bytesOf([(4 << 3) | 2, 9, 1]))).toBeNull();
    expect(decodeLoadReport(bytesOf([0x0f]))).toBeNull();
    expect(decodeLoadReport(bytesOf(Array.from({ length: 12 }, () => 0xff)))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const report = decodeLoadReport(bytes);
        expect(report === null || typeof report.qps === 'number').toBe(true);
      }),
    );
  });

  it('is read right from the middle of a larger buffer', () => {
    const report = { qps: 1, eps: 2, utilization: 3 };
    const large = new Uint8Array(64).fill(0xff);
    large.set(encodeLoadReport(report), 13);
    expect(decodeLoadReport(large.subarray(13, 13 + 27))).toEqual(report);
  });
});
