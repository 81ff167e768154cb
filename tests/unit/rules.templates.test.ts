import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EventFields } from '../../domain/rules/field.ts';
import { compileTemplate, parseTemplate, RENDERED_MAX_LENGTH } from '../../domain/rules/template.ts';
import { giftEvent } from '../helpers/rules.ts';

const event = { ...giftEvent(), extra: { list: [1, 'two'], flag: false, empty: '', price: ' 12.5 ', nothing: null } } as EventFields;
const text = (source: string): string => compileTemplate(source).text(event);
const value = (source: string): unknown => compileTemplate(source).value(event);

describe('a template', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['{{username}} sent {{gift_name}}', 'ann sent Lion'],
    ['{{ username }}{{gift_name}}!', 'annLion!'],
    ['{{user.nickname}}', 'Ann Ö.'],
    ['{{user.id}}', '7000000000000000001'],
    ['{{extra.list.1}}', 'two'],
    ['{{diamond_count}}', '500'],
    ['{{is_follower}} {{extra.flag}}', 'true false'],
    ['{{extra.list}}', '[1,"two"]'],
    ['[{{nope}}] [{{nope.deeper}}] [{{avatar_url}}]', '[] [] []'],
    [
      '{{__proto__}}{{constructor.name}}{{extra.__proto__}}{{toString}}',
      '{{__proto__}}{{constructor.name}}{{extra.__proto__}}{{toString}}',
    ],
    ['{{toString}}{{valueOf.name}}', ''],
    ['a } b }} c { d', 'a } b }} c { d'],
    ['{{ "{{" }}literal{{ \'}}\' }}', '{{literal}}'],
    ['{{ nope | default:"say \\"hi\\" }} | \\\\" }}', 'say "hi" }} | \\'],
  ])('%j renders as %j', (source, expected) => {
    expect(text(source)).toBe(expected);
  });

  test.each([
    ['{{ username | upper }}', 'ANN'],
    ['{{ gift_name | lower }}', 'lion'],
    ['{{ nope | upper }}', ''],
    ['{{ nope | default:"friend" }}', 'friend'],
    ['{{ avatar_url | default:"none" }}', 'none'],
    ['{{ extra.empty | default:"empty" }}', 'empty'],
    ['{{ username | default:"friend" }}', 'ann'],
    ['{{ extra.flag | default:true }}', 'false'],
    ['{{ nope | default:0 }}', '0'],
    ['{{ nope | default:"friend" | upper }}', 'FRIEND'],
    ['{{ nope | upper | default:"friend" }}', 'friend'],
    ['{{ extra.price | number }}', '12.5'],
    ['{{ username | number }}', ''],
    ['{{ username | number | default:1 }}', '1'],
    ['{{ is_follower | number }}', '1'],
    ['{{ nickname | json }}', '"Ann Ö."'],
    ['{{ extra | json }}', '{"list":[1,"two"],"flag":false,"empty":"","price":" 12.5 ","nothing":null}'],
    ['{{ nope | json }}', 'null'],
    ['{{ nickname | url }}', 'Ann%20%C3%96.'],
    ['{{ nope | url }}', ''],
    ['{{nickname|upper|url}}', 'ANN%20%C3%96.'],
  ])('%j filters to %j', (source, expected) => {
    expect(text(source)).toBe(expected);
  });

  test.each([
    ['{{diamond_count}}', 500],
    ['{{ diamond_count }}', 500],
    ['{{is_follower}}', true],
    ['{{avatar_url}}', null],
    ['{{extra.list}}', [1, 'two']],
    ['{{nope}}', ''],
    ['{{ nope | default:7 }}', 7],
    ['{{ extra.price | number }}', 12.5],
    ['{{ username | number }}', null],
    ['{{ diamond_count | json }}', '500'],
    [' {{diamond_count}}', ' 500'],
    ['{{diamond_count}}{{diamond_count}}', '500500'],
  ])('%j has the value %j where a type can be kept', (source, expected) => {
    expect(value(source)).toEqual(expected);
  });

  test('never reads a value as a template', () => {
    const sneaky = { ...giftEvent({ nickname: '{{user_id}}', username: '{{' }), x: 1 } as EventFields;
    expect(compileTemplate('{{nickname}} {{username}}{{username}}').text(sneaky)).toBe('{{user_id}} {{{{');
  });

  test('encodes half of a surrogate pair instead of failing on it', () => {
    expect(compileTemplate('{{nickname|url}}').text({ nickname: 'a\uD83Db' })).toBe('a%EF%BF%BDb');
    expect(compileTemplate('{{nickname|url}}').text({ nickname: '🦁' })).toBe('%F0%9F%A6%81');
  });

  test('is cut when it grows beyond all measure', () => {
    const big = { comment: 'x'.repeat(RENDERED_MAX_LENGTH) };
    expect(compileTemplate('{{comment}}{{comment}}').text(big)).toHaveLength(RENDERED_MAX_LENGTH);
    expect(compileTemplate('{{comment}}').value({ comment: `${big.comment}y` })).toBe(big.comment);
  });
});

describe('a template with a fault', () => {
  test.each([
    ['{{username', '"{{" without "}}"'],
    ['{{', '"{{" without "}}"'],
    ['{{}}', 'without a field'],
    ['{{ | upper }}', 'without a field'],
    ['{{ username | shout }}', 'unknown filter "shout"'],
    ['{{ username | __proto__ }}', 'unknown filter'],
    ['{{ username | constructor }}', 'unknown filter'],
    ['{{ username | }}', 'bar without a filter'],
    ['{{ username upper }}', 'goes on with "upper"'],
    ['{{ username : "x" }}', 'goes on with ":"'],
    ['{{ username | default }}', 'default without a value'],
    ['{{ username | default: }}', 'colon without a value'],
    ['{{ username | default:friend }}', 'neither quoted nor a number'],
    ['{{ username | default:"friend }}', 'does not end'],
    ['{{ username | upper:"x" }}', 'does not take'],
    ['{{ a..b }}', 'dot too many'],
    ['{{ user.__proto__.x }}', '__proto__'],
    ['{{ a{b }}', '"{" inside'],
    ['{{ a } }}', '"}"'],
    [`{{ ${'a.'.repeat(20)}b }}`, 'deeper than'],
    [`{{ username ${'| upper '.repeat(11)} }}`, 'more than 10 filters'],
    ['{{a}}'.repeat(101), 'more than 100 expressions'],
  ])('%j is told so', (source, fault) => {
    const parsed = parseTemplate(source);
    expect(parsed.ok ? '' : parsed.fault).toContain(fault);
  });

  test('stands for itself when it is rendered all the same', () => {
    expect(text('{{username | shout}}')).toBe('{{username | shout}}');
  });
});

describe('whatever the text', () => {
  test('parsing ends, never throws, and texts without braces are themselves', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{{', '}}', '|', ':', '"', "'", '\\', ' ', 'a', '.', 'upper', 'default') }),
        (source) => {
          const parsed = parseTemplate(source);
          if (parsed.ok) expect(typeof parsed.template.text({ a: 'x' })).toBe('string');
          if (!source.includes('{{')) expect(parsed.ok && parsed.template.text({})).toBe(source);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a megabyte of braces takes linear time', () => {
    const started = performance.now();
    for (const bomb of ['{', '{{', '}}', '{{a|', '"', '{{"\\']) parseTemplate(bomb.repeat(1_000_000 / bomb.length));
    // Quadratic time would be minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
