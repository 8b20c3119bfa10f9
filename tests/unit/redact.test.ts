import { describe, expect, it } from 'vitest';
import { redact } from '../../lib/redact.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import type { VendorResponse } from '../../tools/simulator/vendors/vendor-response.ts';

const PERSON = {
  id: '5f7c8ec7c33c6c004bbafe82',
  name: 'José Lovelace-Byron',
  email: 'jose.lovelace@example.com',
  ip: '203.0.113.7',
  ipv6: '2001:db8::7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
};
const SECRETS = {
  guid: '12345678-90ab-cdef-1234-567890abcdef',
  token: 'Sm0keTest-S3cret-9f8e7d6c',
  lettersOnly: 'correcthorsebatterystaple',
  webhook: 'https://n8n.acme.com/webhook/SecretPathToken?sig=Ab3-_x',
};
const PRIVATE_VALUES = [...Object.values(PERSON), ...Object.values(SECRETS)];

/** They hold no word of the vendors' own. */
const PRIVATE_VALUES_WITHOUT_WORDS = [...Object.values(PERSON), SECRETS.guid, SECRETS.token];

const redactFor = (message: string, values: readonly string[] = PRIVATE_VALUES): string =>
  redact(message, values);

/** The value, in a form in which a server may repeat it. */
const FORMS: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  'in quotes': (value) => `"${value}"`,
  'in JSON': (value) => JSON.stringify({ value }),
  'in JSON within JSON': (value) => JSON.stringify(JSON.stringify({ value })),
  'in upper case': (value) => value.toUpperCase(),
  'in lower case': (value) => value.toLowerCase(),
  'percent-encoded': (value) => encodeURIComponent(value),
  'percent-encoded twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  'form-encoded': (value) => String(new URLSearchParams({ value })),
  'in \\u escapes': (value) =>
    Array.from(value, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'in \\x escapes': (value) =>
    Array.from(Buffer.from(value), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  'in decimal HTML entities': (value) => Array.from(value, (char) => `&#${char.charCodeAt(0)};`).join(''),
  'in hexadecimal HTML entities': (value) =>
    Array.from(value, (char) => `&#x${char.charCodeAt(0).toString(16)};`).join(''),
  'in named HTML entities': (value) =>
    value.replaceAll('é', '&eacute;').replaceAll('.', '&period;').replaceAll('-', '&hyphen;'),
  'in hex': (value) => Buffer.from(value).toString('hex'),
  'in hex, upper case': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'in hex with colons': (value) => Array.from(Buffer.from(value), (byte) => byte.toString(16)).join(':'),
  'as a hex dump': (value) => Array.from(Buffer.from(value), (byte) => byte.toString(16)).join(' '),
  'as a list of bytes': (value) => JSON.stringify([...Buffer.from(value)]).replaceAll(',', ', '),
  'in base64': (value) => Buffer.from(value).toString('base64'),
  'in base64url': (value) => Buffer.from(value).toString('base64url'),
  'in base64 behind one character': (value) => Buffer.from(`:${value}`).toString('base64'),
  'in base64 behind two characters': (value) => Buffer.from(`u:${value}:`).toString('base64'),
  'in base64 of 4 characters a word': (value) =>
    (
      Buffer.from(value)
        .toString('base64')
        .match(/.{1,4}/g) ?? []
    ).join(' '),
  'decomposed (NFD)': (value) => value.normalize('NFD'),
  'without accents': (value) => value.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  'in full-width characters': (value) =>
    value.replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  'as mojibake': (value) => Buffer.from(value).toString('latin1'),
  'as Python prints bytes': (value) => `b'${value.replaceAll('é', '\\xc3\\xa9')}'`,
  'cut at its end': (value) => value.slice(0, -2),
  'cut at its start': (value) => value.slice(2),
  'cut with an ellipsis': (value) => `${value.slice(0, 12)}…`,
  'split into lines': (value) => (value.match(/.{1,5}/g) ?? []).join('\n'),
  'split in the middle': (value) => `${value.slice(0, value.length / 2)} ${value.slice(value.length / 2)}`,
  'in single characters': (value) => [...value].join(' '),
  'with zero-width spaces': (value) => [...value].join('\u200b'),
  'with soft hyphens': (value) => value.replaceAll(/(.{4})/g, '$1\u00ad'),
  'with spaces of other kinds': (value) => value.replaceAll(' ', '\u00a0\t\u2009'),
  'with other separators': (value) => value.replaceAll(/[^\p{L}\p{N}]/gu, '_'),
  'without separators': (value) => value.replaceAll(/[^\p{L}\p{N}]/gu, ''),
  'as a part of a name': (value) => `user${value}Field`,
  'as a value of a field': (value) => `name=${value},`,
  'in a path': (value) => `POST:/in/${value}/x`,
};

/** Letters and digits in a row that a message and the private values have in common, from four. */
const findLeaks = (message: string): string[] => {
  const toLetters = (text: string) =>
    text
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '');
  const forms = Object.values(FORMS).flatMap((toForm) =>
    PRIVATE_VALUES.map((value) => toLetters(toForm(value))),
  );
  const words = message.split(/[^\p{L}\p{N}]+/u).map(toLetters);
  return words.filter((word) => word.length >= 4 && forms.some((form) => form.includes(word)));
};

/** How documented messages of all vendors begin. */
const getDocumentedMessages = async (): Promise<ReadonlySet<string>> => {
  const tables = await Promise.all(
    vendors.map(({ name }) => import(`../../tools/simulator/vendors/${name}.responses.ts`)),
  );
  const responses = tables.flatMap((table): readonly VendorResponse[] => table.responses);
  return new Set(responses.flatMap(({ text }) => text ?? []));
};

describe('redact', async () => {
  describe.each(Object.entries(FORMS))('masks a value %s', (_, toForm) => {
    it.each(Object.entries({ ...PERSON, ...SECRETS }))('%s', (_, value) => {
      const redacted = redactFor(`Zzyx: ${toForm(value)}`);
      expect(redacted).toMatch(/^Zzyx: \W*\*\*\*\W*(\w{1,3}\W+\*\*\*\W*)*$/);
      expect(findLeaks(redacted)).toEqual([]);
    });
  });

  it.each([
    ['a first name', 'No user José here', 'No user *** here'],
    ['a last name', 'Unknown lovelace', 'Unknown ***'],
    ['a short name', 'User Ada has no seat', 'User *** has no seat'],
    ['a short name in a field', 'name=Ada', '***'],
    ['a short name in camel case', 'createAda failed', '*** failed'],
    ['a name of two letters', 'User Li has no seat', 'User *** has no seat'],
    ['a part of an email address', 'Mailbox jose.lovelace is full', 'Mailbox *** is full'],
    ['an email domain', 'Domain example.com is blocked', 'Domain *** is blocked'],
    ['the part of an id behind |', 'auth0|5f7c8ec7c33c6c004bbafe82', '***'],
    ['a numeric id', 'No user 4711', 'No user ***'],
    ['an IP address in words', 'Blocked: 203 0 113 7', 'Blocked: ***'],
    ['an expanded IPv6 address', '2001:0db8:0000:0000:0000:0000:0000:0007', '***'],
    ['a path of a webhook', 'Cannot POST /webhook/SecretPathToken?sig=Ab3-_x', 'Cannot POST ***'],
    ['a path of a webhook, alone', 'Route POST:/in/SecretPathToken/x not found', 'Route *** not found'],
    ['a query of a webhook', 'Bad signature Ab3-_x', 'Bad signature ***'],
  ])('masks %s', (_, message, expected) => {
    expect(redactFor(message, [...PRIVATE_VALUES, 'Ada', 'Li', '4711'])).toBe(expected);
  });

  it.each([
    ['an email address', 'somebody@acme.io'],
    ['an IPv4 address', '198.51.100.23'],
    ['an IPv6 address', 'fe80::1ff:fe23:4567:890a'],
    ['a UUID', '8a37527b-37ef-5a7a-bdc4-d2ff9ea92806'],
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'],
    ['an id of Auth0', 'google-oauth2|103547991597142817347'],
    ['a long word', 'x'.repeat(33)],
    ['many digits', '4111111111111111'],
    ['digits in groups', '4111 1111 1111 1111'],
    ['a name in another script', 'Мария'],
  ])('masks what can identify somebody, although it is not known: %s', (_, value) => {
    expect(redactFor(`Zzyx ${value} quux`, [])).toBe('Zzyx *** quux');
  });

  const VENDOR_MESSAGES = [
    'Index auth0_activity is disabled',
    'Collection logins does not exist',
    'Unsupported Media Type: application/cloudevents+json',
    "Field 'events[0].user_id' is required",
    "'$insert_id' is invalid: must match [a-z]",
    'shard 7 is on fire',
    'Incorrect index, code 7, invalid-event-number: 0',
    'Data channel is missing; ACK is disabled.',
    'Missing userID in JSONObject (HTTPError)',
    'The request (or 3 record(s) of it) exceeds the limit of 64kB!',
    'Rate limit of 1000/min exceeded: retry in 30s, or at 100%…',
    'x509: certificate signed by unknown authority',
    'sha256 does not match',
    "Can't find the project “main”".replaceAll(/[“”]/g, '"'),
    'Expected application/json, got text/plain; charset=UTF-8',
    "error: invalid 'Content-Type' — try again",
    'No write permission on logs-auth0-default',
    'Unavailable',
    '<none>',
  ];

  it.each(VENDOR_MESSAGES)("leaves a vendor's own words: %s", (message) => {
    expect(redactFor(message, PRIVATE_VALUES_WITHOUT_WORDS)).toBe(message);
  });

  it.each([...(await getDocumentedMessages())])('leaves a message that a vendor documents: %s', (text) => {
    expect(redactFor(text, PRIVATE_VALUES_WITHOUT_WORDS)).toBe(text);
  });

  it.each([
    ['on one line', 'two\nlines\r\n', 'two lines'],
    [
      'without control and format characters',
      '\r\n a \t\u0000\u001b[31m b\u2028c\u200bd\u202ee \n',
      'a [31m b c d e',
    ],
    ['without space around it', ` ${' \n'.repeat(50)}x `, 'x'],
    ['cut', 'word '.repeat(100), 'word '.repeat(48).trim()],
    ['with neighboring masks merged', 'Zzyx jose.lovelace@example.com 203.0.113.7 quux', 'Zzyx *** quux'],
  ])('prints a message %s', (_, message, expected) => {
    expect(redactFor(message)).toBe(expected);
  });

  it('masks a value that the limit of length cuts off', () => {
    expect(redactFor(`${'word '.repeat(46)}jose.lovelace@example.com`)).toBe(`${'word '.repeat(46)}***`);
  });

  it.each(['', ' ', '\n\u200b'])('quotes nothing of %j', (message) => {
    expect(redactFor(message)).toBe('');
  });

  it('quotes nothing where more private values would have to be compared than a login can wait for', () => {
    const names = Array.from({ length: 200 }, (_, index) => `${index} ${'é'.repeat(500)}`);
    expect(redactFor('Unavailable', names)).toBe('');
  });

  it('compares the values of 200 users', () => {
    const values = Array.from({ length: 200 }, (_, index) => [
      `user-${index}`,
      `Person${index} Lovelace`,
      `person${index}.lovelace@example.com`,
      `203.0.113.${index}`,
    ]).flat();
    expect(redactFor('Index main rejects person199, lovelace and 203.0.113.199', values)).toBe(
      'Index main rejects *** and ***',
    );
  });
});
