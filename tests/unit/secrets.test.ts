import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import {
  certificates,
  credential,
  flag,
  integer,
  readSecret,
  readSecrets,
  type SecretsSchema,
  serverUrl,
  text,
} from '../../lib/secrets.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';

const NONE = v.object({});

const DEFAULTS = {
  DELIVERY_TIMEOUT_MS: 3000,
  ON_FAILURE: 'continue',
  RECORD: 'interactive',
  LOG: 'failures',
  SIGNUP_WINDOW_DAYS: 7,
  OMIT_FIELDS: [],
  HASH_FIELDS: [],
};

const configErrorOf = (schema: SecretsSchema, given: unknown): ConfigError => {
  try {
    readSecrets(schema, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The secrets were accepted');
};

describe('the secrets of an Action', () => {
  const schema = v.object({
    URL: serverUrl,
    TOKEN: credential,
    NAME: v.optional(text),
    COLOR: v.optional(text, 'blue'),
    VERIFY: v.optional(flag, 'true'),
  });
  const required = { URL: 'https://example.com', TOKEN: 't0ken' };

  it('have defaults, or are absent', () => {
    expect(readSecrets(schema, required)).toEqual({ ...DEFAULTS, ...required, COLOR: 'blue', VERIFY: true });
  });

  it('are checked again as soon as one has changed', () => {
    const before = readSecrets(schema, required);
    expect(readSecrets(schema, { ...required, COLOR: 'red' })).toEqual({ ...before, COLOR: 'red' });
    expect(readSecrets(schema, required)).toEqual(before);
    expect(configErrorOf(schema, { ...required, TOKEN: '' }).message).toBe('TOKEN is missing');
    expect(configErrorOf(schema, { ...required, TOKEN: '' }).message).toBe('TOKEN is missing');
    expect(readSecrets(schema, required)).toEqual(before);
    expect(readSecrets(v.object({ URL: serverUrl }), required)).toEqual({ ...DEFAULTS, URL: required.URL });
  });

  it('are taken as they are given', () => {
    const given = {
      ...required,
      NAME: 'Name',
      COLOR: 'red',
      VERIFY: 'false',
      DELIVERY_TIMEOUT_MS: '250',
      ON_FAILURE: 'deny',
      RECORD: 'all',
      LOG: 'all',
      SIGNUP_WINDOW_DAYS: '0',
      OMIT_FIELDS: 'name,email,ip,userAgent',
      HASH_FIELDS: 'userId,name,email,ip,userAgent',
      HASH_KEY: 'k3y',
    };
    expect(readSecrets(schema, given)).toEqual({
      ...given,
      VERIFY: false,
      DELIVERY_TIMEOUT_MS: 250,
      SIGNUP_WINDOW_DAYS: 0,
      OMIT_FIELDS: ['name', 'email', 'ip', 'userAgent'],
      HASH_FIELDS: ['userId', 'name', 'email', 'ip', 'userAgent'],
    });
  });

  it('are trimmed', () => {
    const { TOKEN, COLOR, LOG } = readSecrets(schema, {
      ...required,
      TOKEN: ' t0ken\n',
      COLOR: '\tred ',
      LOG: ' all ',
    });
    expect({ TOKEN, COLOR, LOG }).toEqual({ TOKEN: 't0ken', COLOR: 'red', LOG: 'all' });
  });

  it.each(['', '   ', '\n'])('count as absent if they are blank: %j', (blank) => {
    const { NAME, COLOR, LOG } = readSecrets(schema, { ...required, NAME: blank, COLOR: blank, LOG: blank });
    expect({ NAME, COLOR, LOG }).toEqual({ NAME: undefined, COLOR: 'blue', LOG: 'failures' });
    expect(configErrorOf(schema, { ...required, TOKEN: blank }).message).toBe('TOKEN is missing');
  });

  it.each([null, 7, true, {}, () => 'red'])('count as absent if they are no text: %s', (value) => {
    expect(readSecrets(schema, { ...required, COLOR: value, DELIVERY_TIMEOUT_MS: value })).toMatchObject({
      COLOR: 'blue',
      DELIVERY_TIMEOUT_MS: 3000,
    });
    expect(configErrorOf(schema, { ...required, TOKEN: value }).message).toBe('TOKEN is missing');
  });

  it.each([[undefined], [null], ['secrets'], [7], [[]]])('may not be there at all: %j', (given) => {
    expect(readSecrets(NONE, given)).toEqual(DEFAULTS);
    expect(configErrorOf(schema, given).message).toBe('URL is missing; TOKEN is missing');
  });

  it.each(['{"toString":"a","UNKNOWN":"b"}', '{"__proto__":{"LOG":"all"}}'])(
    'are none but the declared ones: %s',
    (json) => {
      expect(readSecrets(NONE, JSON.parse(json))).toStrictEqual({ ...DEFAULTS, HASH_KEY: undefined });
    },
  );

  it('are refused with every problem at once, by name, and never with a value', () => {
    const error = configErrorOf(schema, {
      URL: 'http://value.example.com',
      VERIFY: 'value',
      DELIVERY_TIMEOUT_MS: 'value',
      ON_FAILURE: 'value',
      RECORD: 'value',
      LOG: 'value',
      SIGNUP_WINDOW_DAYS: 'value',
      OMIT_FIELDS: 'name,value,value',
      HASH_FIELDS: 'value',
    });
    expect(error.message.split('; ')).toEqual([
      'DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000',
      'ON_FAILURE must be continue or deny',
      'RECORD must be interactive or all',
      'LOG must be failures or all',
      'SIGNUP_WINDOW_DAYS must be a whole number from 0 to 365',
      'OMIT_FIELDS must be some of name,email,ip,userAgent',
      'HASH_FIELDS must be some of userId,name,email,ip,userAgent',
      'URL must be an https URL without user, query and fragment',
      'TOKEN is missing',
      'VERIFY must be true or false',
      'HASH_KEY is missing',
    ]);
    expect([...error.problems.keys()]).toEqual([
      'DELIVERY_TIMEOUT_MS',
      'ON_FAILURE',
      'RECORD',
      'LOG',
      'SIGNUP_WINDOW_DAYS',
      'OMIT_FIELDS',
      'HASH_FIELDS',
      'URL',
      'TOKEN',
      'VERIFY',
      'HASH_KEY',
    ]);
    expect(error.stack).not.toContain('value');
  });

  it('are refused without their value also where the declaration has no words for it', () => {
    const pin = v.object({ PIN: v.pipe(text, v.digits()) });
    expect(configErrorOf(pin, { PIN: 'value' }).message).toBe('PIN is malformed');
  });

  it('can depend on each other', () => {
    const account = v.pipe(
      v.object({
        USER: text,
        PASSWORD: v.optional(text),
        REGION: v.picklist(['us', 'eu'], 'must be us or eu'),
      }),
      v.forward(
        v.partialCheck(
          [['USER'], ['PASSWORD']],
          ({ USER, PASSWORD }) => USER === 'guest' || PASSWORD === 'value',
          'must be right',
        ),
        ['PASSWORD'],
      ),
    );
    const REGION = 'eu';
    expect(readSecrets(account, { USER: 'guest', REGION })).toMatchObject({ USER: 'guest', REGION });
    expect(configErrorOf(account, { USER: 'ada' }).message).toBe('REGION is missing; PASSWORD is missing');
    expect(configErrorOf(account, { USER: 'ada', PASSWORD: 'wrong', REGION }).message).toBe(
      'PASSWORD must be right',
    );
  });
});

describe('the fields to omit and to hash', () => {
  const HASH_KEY = 'k3y';

  it.each([
    ['email', ['email']],
    [' email ,\tip\n', ['email', 'ip']],
    [',email,,ip, ,', ['email', 'ip']],
    [',', []],
    [' ', []],
  ])('are a list: %j', (given, fields) => {
    const { OMIT_FIELDS, HASH_FIELDS } = readSecrets(NONE, {
      OMIT_FIELDS: given,
      HASH_FIELDS: given,
      HASH_KEY,
    });
    expect({ OMIT_FIELDS, HASH_FIELDS }).toEqual({ OMIT_FIELDS: fields, HASH_FIELDS: fields });
  });

  it.each(['phone', 'Email', 'email;ip', 'email ip', 'user.email', 'toString'])('are not %j', (given) => {
    expect(configErrorOf(NONE, { OMIT_FIELDS: given, HASH_FIELDS: `email,${given}`, HASH_KEY }).message).toBe(
      'OMIT_FIELDS must be some of name,email,ip,userAgent; ' +
        'HASH_FIELDS must be some of userId,name,email,ip,userAgent',
    );
  });

  it('leave the user his id, which can only be hashed', () => {
    expect(configErrorOf(NONE, { OMIT_FIELDS: 'userId' }).message).toBe(
      'OMIT_FIELDS must be some of name,email,ip,userAgent',
    );
    expect(readSecrets(NONE, { HASH_FIELDS: 'userId', HASH_KEY })).toMatchObject({ HASH_FIELDS: ['userId'] });
  });

  it.each([undefined, '', '  '])('need a key for the hashes, not %j', (HASH_KEY) => {
    expect(configErrorOf(NONE, { HASH_FIELDS: 'email', HASH_KEY }).message).toBe('HASH_KEY is missing');
    expect(readSecrets(NONE, { OMIT_FIELDS: 'email', HASH_KEY })).toMatchObject({ OMIT_FIELDS: ['email'] });
  });
});

describe('one secret', () => {
  it('can be read before the check', () => {
    expect(readSecret({ LOG: ' all ' }, 'LOG')).toBe('all');
    expect(readSecret({ LOG: ' ' }, 'LOG')).toBeUndefined();
    expect(readSecret(undefined, 'LOG')).toBeUndefined();
  });
});

describe('a flag', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
  ])('%s is %s', (given, expected) => {
    expect(v.parse(flag, given)).toBe(expected);
  });

  it.each(['yes', '1', '0', 'truee', 'on'])('is not %s', (given) => {
    expect(v.is(flag, given)).toBe(false);
  });
});

describe('a whole number', () => {
  it.each([
    ['250', 250],
    ['0250', 250],
    ['10000', 10_000],
  ])('from 250 to 10000 can be %s', (given, expected) => {
    expect(v.parse(integer(250, 10_000), given)).toBe(expected);
  });

  it.each(['249', '10001', '-250', '+250', '250.0', '2.5e2', '0x1000', '1 000', '٣٠٠', '10000000000', 'NaN'])(
    'from 250 to 10000 is not %s',
    (given) => {
      expect(v.is(integer(250, 10_000), given)).toBe(false);
    },
  );
});

describe('the address of a server', () => {
  it.each([
    'https://example.com',
    'HTTPS://Example.com',
    'https://example.com:8088',
    'https://example.com/a/path',
    'https://192.0.2.1',
    'http://localhost',
    'http://localhost:3000/path',
    'http://127.0.0.1:3000',
    'http://127.1.2.3',
    'http://[::1]:3000',
  ])('can be %s', (url) => {
    expect(v.parse(serverUrl, url)).toBe(url);
  });

  it.each([
    ['https://example.com/', 'https://example.com'],
    ['https://example.com/path//', 'https://example.com/path'],
  ])('loses the slashes at its end: %s', (given, expected) => {
    expect(v.parse(serverUrl, given)).toBe(expected);
  });

  it.each([
    'example.com',
    'https://',
    'https://exa mple.com',
    'https://example.com:99999',
    'ftp://localhost',
    'file:///etc/passwd',
    'javascript:alert(1)',
  ])('is not %s', (url) => {
    expect(v.is(serverUrl, url)).toBe(false);
  });

  it.each([
    'http://example.com',
    'http://0.0.0.0',
    'http://10.0.0.1',
    'http://localhost.evil.com',
    'http://evil-localhost',
    'http://127.0.0.1.evil.com',
    'http://localhost@evil.com',
    'http://[::2]',
  ])('is not plain http beyond loopback: %s', (url) => {
    expect(v.is(serverUrl, url)).toBe(false);
  });

  it.each([
    'https://user:password@example.com',
    'https://token@example.com',
    'https://example.com?index=main',
    'https://example.com/#fragment',
    // What is appended to these would not become part of the path.
    'https://example.com?',
    'https://example.com/path#',
  ])('has no user, query and fragment: %s', (url) => {
    expect(v.is(serverUrl, url)).toBe(false);
  });
});

describe('a credential', () => {
  it.each(['0123-abcd', '~!"#$%&\'()*+,/:;<=>?@[\\]^_`{|}'])('can be %s', (given) => {
    expect(v.parse(credential, given)).toBe(given);
  });

  it.each(['two words', 'two\nlines', 'a\r\nX-Header: b', 'tab\there', 'schlüssel', '\u200btoken', '\0'])(
    'is not %j',
    (given) => {
      expect(v.is(credential, given)).toBe(false);
    },
  );
});

describe('certificates', async () => {
  const [one, other] = await Promise.all([createCertificate(), createCertificate()]);
  const pem = `${one.cert.trim()}\n`;
  const otherPem = `${other.cert.trim()}\n`;

  it.each([
    ['as they are', pem],
    ['with CRLF', pem.replaceAll('\n', '\r\n')],
    ['with blanks for line breaks', pem.replaceAll('\n', ' ')],
    ['with \\n for line breaks', pem.replaceAll('\n', '\\n')],
    ['with text around them', `CN = splunk.acme.com\n${pem}\n# the end`],
  ])('are read %s', (_, given) => {
    expect(v.parse(certificates, given)).toEqual([pem]);
  });

  it.each([
    ['in lines', `${pem}${otherPem}`],
    ['in one line', `${pem}${otherPem}`.replaceAll('\n', ' ')],
  ])('are read one by one, %s', (_, given) => {
    expect(v.parse(certificates, given)).toEqual([pem, otherPem]);
  });

  it.each([
    ['a text', 'certificate'],
    ['a private key', one.key],
    ['half a certificate', pem.slice(0, pem.length / 2)],
    ['a certificate cut short inside', pem.replace(/\n.{40}/, '\n')],
    ['another thing with the marks of a certificate', pem.replace(/\n[^-]+\n/, '\nZ2FyYmFnZQ==\n')],
    ['a certificate and garbage', `${pem}${pem.replace(/\n[^-]+\n/, '\nZ2FyYmFnZQ==\n')}`],
    ['a certificate and half of another', `${pem}${otherPem.slice(0, otherPem.length / 2)}`],
  ])('are not %s', (_, given) => {
    expect(v.is(certificates, given)).toBe(false);
  });
});
