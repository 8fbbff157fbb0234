import { readTaggedValue, writeTaggedValue } from './tagged-yaml.js';

const HEAD = '--- !ruby/hash:ActiveSupport::HashWithIndifferentAccess\n';

describe('reading what Rails wrote (DM 6)', () => {
  it.each<[string, string, unknown]>([
    ['a plain text', 'value: abc-123\n', 'abc-123'],
    ['a boolean', 'value: true\n', true],
    ['nil', 'value:\n', null],
    ['two lines', 'value: |-\n  line1\n  line2\n', 'line1\nline2'],
    ['the text yes', "value: 'yes'\n", 'yes'],
    ['a text with a colon', "value: 'a: b'\n", 'a: b'],
    [
      'a list of tagged maps',
      'value:\n- !ruby/hash:ActiveSupport::HashWithIndifferentAccess\n  name: x\n',
      [{ name: 'x' }],
    ],
  ])('%s', (_, yaml, value) => {
    expect(readTaggedValue(HEAD + yaml)).toEqual(value);
  });

  it('takes an object as a fork may have migrated it', () => {
    expect(readTaggedValue({ value: 'abc' })).toBe('abc');
  });

  it.each<[string, unknown]>([
    ['an empty object', {}],
    ['null', null],
    ['YAML without a value', HEAD + 'other: 1\n'],
    ['broken YAML', HEAD + 'value: "abc\n'],
    ['a bare text', 'abc'],
    ['a number', 5],
    [
      'aliases that unfold to millions of values',
      `${HEAD}a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nvalue: [*c,*c,*c,*c,*c,*c]\n`,
    ],
  ])('finds no value in %s', (_, serialized) => {
    expect(readTaggedValue(serialized)).toBeUndefined();
  });
});

describe('writing for Rails', () => {
  it('tags the map and quotes the text', () => {
    expect(writeTaggedValue('abc-123')).toBe(`${HEAD}value: "abc-123"\n`);
  });

  it.each([
    'yes',
    'no',
    'on',
    '12',
    '1e3',
    '2026-01-01',
    '~',
    '',
    ' a ',
    'a: b',
    '# x',
    'l1\nl2',
    '"q"',
    '\\',
    '🙂',
    'x'.repeat(500),
  ])('brings %j back', (text) => {
    const written = writeTaggedValue(text);
    expect(written.startsWith(`${HEAD}value: "`)).toBe(true);
    expect(readTaggedValue(written)).toBe(text);
  });
});
