import fc from 'fast-check';
import { servingStatus, splitMessages } from '../../../agent/health-message';

const frame = (message: Uint8Array, flags = 0): Buffer => {
  const prefix = Buffer.from([flags, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

it('messages are the same however their bytes are torn', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map((one) => frame(one)));
      const read: Buffer[] = [];
      let rest = Buffer.alloc(0);
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = 1 + (sizes[turn % sizes.length] ?? 0);
        const split = splitMessages(Buffer.concat([rest, bytes.subarray(at, at + size)]));
        read.push(...split!.messages);
        rest = Buffer.from(split!.rest);
        at += size;
      }
      expect(read.map((one) => [...one])).toEqual(sent.map((one) => [...one]));
      expect(rest).toHaveLength(0);
    }),
  );
});

it('neither compressed nor huge messages are waited for', () => {
  expect(splitMessages(frame(Buffer.from([8, 1]), 1))).toBeUndefined();
  expect(splitMessages(Buffer.from([0, 0, 0, 16, 1]))).toBeUndefined();
  expect(splitMessages(Buffer.from([0, 0, 0, 16, 0]))?.messages).toEqual([]);
});

it('a status is read from a message, and from nothing else', () => {
  expect(servingStatus(Buffer.from([8, 2]))).toBe('NOT_SERVING');
  expect(servingStatus(Buffer.alloc(0))).toBe('UNKNOWN');
  expect(servingStatus(Buffer.from([0xff, 0xff]))).toBeUndefined();
  expect(servingStatus(undefined)).toBeUndefined();
});
