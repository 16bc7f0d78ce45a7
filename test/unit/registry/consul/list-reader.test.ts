import fc from 'fast-check';
import { ListReader } from '../../../../registry/consul/list-reader';

interface Item {
  readonly Node: object;
  readonly text: string;
}

const asIs = (): ListReader<unknown> => new ListReader((item) => item);
const bytes = (list: unknown, indent = 0): Buffer => Buffer.from(JSON.stringify(list, null, indent));
const item = (text: string): Item => ({ Node: { Node: 'n1' }, text });

/** Names and values that look like the beginning of an item, too. */
const anyText = fc.oneof(fc.string(), fc.constantFrom(',{"Node":{', '},{"Node":{', '"', '\\', ',', ']'));
const anyIndent = fc.constantFrom(0, 4);
const someItems = [1, 2, 3].map((text) => ({ Node: {}, text }));
const anyItem = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...someItems) },
  {
    weight: 4,
    arbitrary: fc.record<unknown>({
      Node: fc.dictionary(anyText, anyText),
      text: anyText,
      deep: fc.constantFrom<unknown>({ Node: { Node: {} } }, [{ Node: {} }, { Node: {} }], null),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(5, '{"Node":{', null, {}, [[]], { other: 1, Node: {} }) },
);

it('reads every answer of a row as its JSON says, whatever stands in it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(anyItem, { maxLength: 6 }), anyIndent), { maxLength: 6 }), (answers) => {
      const reader = asIs();
      for (const [answer, indent] of answers) expect(reader.take(bytes(answer, indent))).toEqual(answer);
    }),
    { numRuns: 1_000 },
  );
});

describe.each([
  ['in one line', 0],
  ['indented', 4],
])('an answer %s', (_form, indent) => {
  it.each([
    ['stays', ['a', 'b', 'c'], []],
    ['changes', ['a', 'x', 'c'], ['x']],
    ['comes', ['a', 'x', 'b', 'c'], ['x']],
    ['goes', ['b', 'c'], []],
  ])('is read only where it is new when an item %s', (_what, texts, fresh) => {
    const read: string[] = [];
    const reader = new ListReader((one) => {
      read.push((one as Item).text);
      return one;
    });
    const before = reader.take(bytes(['a', 'b', 'c'].map(item), indent)) ?? [];
    read.length = 0;
    const after = reader.take(bytes(texts.map(item), indent)) ?? [];
    expect(after).toEqual(texts.map(item));
    expect(read).toEqual(fresh);
    expect(after.filter((one) => before.includes(one))).toHaveLength(texts.length - fresh.length);
  });
});

it('gives the same list when nothing of it is new', () => {
  const reader = new ListReader((one, before: unknown) => before ?? one);
  const list = reader.take(bytes([item('a'), item('b')]));
  expect(reader.take(bytes([item('a'), item('b')]))).toBe(list);
  expect(reader.take(bytes([item('a'), item('says the same in other bytes')]))).toBe(list);
  expect(reader.take(bytes([item('a')]))).not.toBe(list);
});

it('tells what stood in the place of an item that is new', () => {
  const reader = new ListReader(
    (one, before: string | undefined) => `${(one as Item).text} after ${before ?? 'nothing'}`,
  );
  reader.take(bytes([item('a'), item('b')]));
  expect(reader.take(bytes([item('a'), item('c')]))).toEqual(['a after nothing', 'c after b after nothing']);
});

it.each([['not JSON'], ['{}'], ['null'], ['[1,'], ['[{"Node":{},]'], ['[{"Node":{}}'], ['[{"Node":{}}}'], ['']])(
  'says that %j is no list',
  (text) => {
    expect(asIs().take(Buffer.from(text))).toBeUndefined();
  },
);

it.each([['[]'], ['[]\n'], ['[\n {"Node":{}},\n {"Node":{}}\n]'], ['[1,2]']])('reads the list %j', (text) => {
  expect(asIs().take(Buffer.from(text))).toEqual(JSON.parse(text));
});

it('keeps what it knew when an answer in between was no list', () => {
  const reader = asIs();
  const [first] = reader.take(bytes([item('a')])) ?? [];
  expect(reader.take(Buffer.from('rubbish'))).toBeUndefined();
  expect((reader.take(bytes([item('a')])) ?? [])[0]).toBe(first);
});
