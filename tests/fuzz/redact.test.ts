import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { redact } from '../../lib/redact.ts';
import { hostileString } from './arbitraries.ts';
import { cpuMs, property } from './property.ts';

/** A form in which a server can repeat what it was sent. */
type Form = (value: string) => string;

const base64 = (value: string): string => Buffer.from(value).toString('base64');
const eachCodeUnit = (value: string, toText: (unit: number) => string): string =>
  Array.from({ length: value.length }, (_, index) => toText(value.charCodeAt(index))).join('');
const hex = (unit: number): string => unit.toString(16).padStart(4, '0');

const FORMS: Readonly<Record<string, Form>> = {
  'as it is': (value) => value,
  'upper case': (value) => value.toUpperCase(),
  'lower case': (value) => value.toLowerCase(),
  'URL-encoded': encodeURIComponent,
  'form-encoded': (value) => new URLSearchParams({ '': value }).toString().slice(1),
  JSON: (value) => JSON.stringify(value),
  'JSON twice': (value) => JSON.stringify(JSON.stringify(value)),
  'unicode escapes': (value) => eachCodeUnit(value, (unit) => `\\u${hex(unit)}`),
  'HTML entities': (value) => eachCodeUnit(value, (unit) => `&#${unit};`),
  'hexadecimal HTML entities': (value) => eachCodeUnit(value, (unit) => `&#x${hex(unit)};`),
  'Python repr': (value) => `u'${value}'`,
  hex: (value) => Buffer.from(value).toString('hex'),
  base64,
  base64url: (value) => Buffer.from(value).toString('base64url'),
  'base64 at offset 1': (value) => base64(`:${value}`),
  'base64 at offset 2': (value) => base64(`a:${value}`),
  NFD: (value) => value.normalize('NFD'),
  NFKC: (value) => value.normalize('NFKC'),
  mojibake: (value) => Buffer.from(value).toString('latin1'),
  truncated: (value) => value.slice(0, Math.ceil(value.length * 0.6)),
  'the end': (value) => value.slice(Math.floor(value.length * 0.4)),
  'line breaks': (value) => value.replaceAll(' ', '\n'),
  'no-break spaces': (value) => value.replaceAll(' ', '\u00a0'),
  'zero-width spaces': (value) => value.replaceAll(' ', ' \u200b '),
  quoted: (value) => `"${value}",`,
  'in parentheses': (value) => `(<${value}>)`,
  'behind a name': (value) => `token=${value};`,
};

const word = (units: string, min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...units), minLength: min, maxLength: max });
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ALPHANUMERIC = `${LETTERS}${LETTERS.toUpperCase()}0123456789`;

const secret = fc.oneof(
  word(ALPHANUMERIC, 16, 64),
  word(`${ALPHANUMERIC}-_.~+/=:`, 20, 200),
  word(ALPHANUMERIC, 4000, 4096),
  fc.uuid(),
  word(ALPHANUMERIC, 24, 24).map((path) => `https://hooks.acme.com/in/${path}?flow=7`),
);

const name = fc
  .tuple(word(`${LETTERS}éüßñ`, 4, 10), word(`${LETTERS}łøč`, 4, 12))
  .map(([first, last]) => [first, last].map((part) => part[0]?.toUpperCase() + part.slice(1)).join(' '));

const email = fc
  .tuple(word(`${LETTERS}0123456789`, 4, 12), word(LETTERS, 4, 10))
  .map(([local, domain]) => `${local}+${local}@${domain}.com`);

const personal = fc.oneof(
  name,
  email,
  fc.ipV4(),
  fc.ipV6().filter((ip) => ip.replaceAll(':', '').length > 6),
  word('0123456789abcdef', 24, 24),
  word('0123456789', 10, 21),
);

/** What a vendor adds, none of which is a part of a value. */
const template = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => `400 ?? ${text} ??`,
  (text) => `{"!!": ${text}}`,
  (text) => `${text} ${text}`,
);

/** Without differences that no reader minds. */
const normalize = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase();

/** Shorter pieces identify nobody. */
const PIECE_CHARS = 4;

/** The pieces of a value that are words of a text, or parts of these. */
const getPieces = (text: string, value: string): string[] => {
  const words = text.split(/[\s*]+/).map(normalize);
  return Array.from({ length: value.length }, (_, start) => value.slice(start, start + PIECE_CHARS)).filter(
    (piece) => piece.length === PIECE_CHARS && words.some((word) => word.includes(piece)),
  );
};

describe('redact', () => {
  property(
    'masks a private value, whatever the form in which it is repeated',
    fc.record({
      value: fc.oneof(secret, personal),
      form: fc.constantFrom(...Object.keys(FORMS)),
      others: fc.array(personal, { maxLength: 2 }),
      template,
    }),
    ({ value, form, others, template }) => {
      const repeated = FORMS[form]?.(value) ?? '';
      const redacted = redact(template(repeated), [...others, value]);
      expect(getPieces(redacted, normalize(repeated))).toEqual([]);
      expect(getPieces(redacted, normalize(value))).toEqual([]);
    },
    { runs: 500 },
  );

  property(
    'takes a few milliseconds, however many values there are and however long they are',
    fc.record({
      message: fc.oneof(hostileString, secret).map((text) => `${text} `.repeat(100)),
      value: fc.oneof(secret, hostileString).map((text) => text.slice(0, 4096)),
      count: fc.integer({ min: 1, max: 1000 }),
    }),
    ({ message, value, count }) => {
      const values = Array.from({ length: count }, (_, index) => `${index}${value}`);
      expect(cpuMs(() => redact(message, values))).toBeLessThan(100);
    },
    { runs: 15 },
  );

  property(
    'returns one line of printable characters, without a long run that nobody knows',
    fc.tuple(
      fc.oneof(
        hostileString,
        fc.array(hostileString).map((parts) => parts.join(' ')),
      ),
      fc.array(personal),
    ),
    ([message, values]) => {
      const redacted = redact(message, values);
      expect(redacted).toMatch(/^[ -~–—…]*$/);
      expect(redacted.split(/[^a-z\d]/i).filter(({ length }) => length > 32)).toEqual([]);
    },
    { runs: 80 },
  );
});
