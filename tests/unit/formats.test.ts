import { describe, expect, it } from 'vitest';
import {
  baseUrl,
  booleanString,
  certificates,
  commaSeparated,
  credential,
  type Format,
  headerList,
  integer,
  matching,
  nameList,
  oneOf,
  sensitiveString,
  string,
} from '../../lib/formats.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';

/** The value that a string is read as; undefined if it is malformed. */
const parse = <T>(format: Format<T>, input: string): T | undefined => {
  const parsed = format.parse(input);
  return 'value' in parsed ? parsed.value : undefined;
};

describe('booleanString', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
  ])('reads %s as %s', (input, expected) => {
    expect(parse(booleanString, input)).toBe(expected);
  });

  it.each(['yes', '1', '0', 'truee', 'on', ''])('rejects %j', (input) => {
    expect(booleanString.parse(input)).toEqual({ problem: 'must be true or false' });
  });
});

describe('integer', () => {
  const timeout = integer(250, 10_000);

  it.each([
    ['250', 250],
    ['0250', 250],
    ['10000', 10_000],
  ])('reads %s', (input, expected) => {
    expect(parse(timeout, input)).toBe(expected);
  });

  it.each([
    '249',
    '10001',
    '-250',
    '+250',
    '250.0',
    '2.5e2',
    '0x1000',
    '1 000',
    '٣٠٠',
    '10000000000',
    'NaN',
    '',
  ])('rejects %j', (input) => {
    expect(timeout.parse(input)).toEqual({ problem: 'must be a whole number from 250 to 10000' });
  });
});

describe('oneOf', () => {
  const mode = oneOf('continue', 'deny');

  it.each([
    ['deny', 'deny'],
    ['Deny', 'deny'],
    ['CONTINUE', 'continue'],
  ])('reads %s in upper or lower case', (input, expected) => {
    expect(parse(mode, input)).toBe(expected);
  });

  it.each(['denied', 'toString', '', 'deny,continue'])('rejects %j', (input) => {
    expect(mode.parse(input)).toEqual({ problem: 'must be continue or deny' });
  });

  it('names every choice', () => {
    expect(oneOf('us', 'eu', 'in').parse('asia')).toEqual({ problem: 'must be us, eu or in' });
    expect(oneOf('us', 'eu', 'in').choices).toEqual(['us', 'eu', 'in']);
  });
});

describe('commaSeparated', () => {
  const events = commaSeparated('SignUp', 'Login');

  it.each([
    ['SignUp', ['SignUp']],
    ['login,SIGNUP', ['Login', 'SignUp']],
    [' Login ,\tSignUp\n', ['Login', 'SignUp']],
    [',Login,,SignUp, ,', ['Login', 'SignUp']],
    [',', []],
  ])('reads %j', (input, expected) => {
    expect(parse(events, input)).toEqual(expected);
  });

  it.each(['LogIn2', 'Login;SignUp', 'Login SignUp', 'toString'])('rejects %j', (input) => {
    expect(events.parse(input)).toEqual({ problem: 'must be some of SignUp,Login' });
  });
});

describe('nameList', () => {
  it.each([
    ['name, email', ['name', 'email']],
    ['none', []],
    ['None', []],
    ['', []],
    ['a-b_c', ['a-b_c']],
    ['EMAIL,Plan', ['email', 'Plan']],
  ])('reads %j', (input, expected) => {
    expect(parse(nameList('email'), input)).toEqual(expected);
  });

  it.each(['user.email', 'email;ip', 'two words', 'x'.repeat(65)])('rejects %j', (input) => {
    expect(nameList('email').parse(input)).toEqual({ problem: 'must be names, separated by commas' });
  });
});

describe('baseUrl', () => {
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
  ])('reads %s', (url) => {
    expect(parse(baseUrl, url)).toBe(url);
  });

  it.each([
    ['https://example.com/', 'https://example.com'],
    ['https://example.com/path//', 'https://example.com/path'],
  ])('reads %s without the slashes at its end', (input, expected) => {
    expect(parse(baseUrl, input)).toBe(expected);
  });

  it.each([
    ['no URL', 'example.com'],
    ['no host', 'https://'],
    ['one slash, which the HTTP client does not repair', 'https:/example.com'],
    ['no slash, likewise', 'https:example.com'],
    ['three slashes, likewise', 'https:///example.com'],
    ['backslashes', 'https:\\\\example.com'],
    ['a space', 'https://exa mple.com'],
    ['a port that is none', 'https://example.com:99999'],
    ['another protocol', 'ftp://localhost'],
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['plain http', 'http://example.com'],
    ['plain http to any host', 'http://0.0.0.0'],
    ['plain http to a private network', 'http://10.0.0.1'],
    ['plain http to a host that looks like loopback', 'http://localhost.evil.com'],
    ['plain http to a host that ends like loopback', 'http://evil-localhost'],
    ['plain http to an address that looks like loopback', 'http://127.0.0.1.evil.com'],
    ['a user that looks like loopback', 'http://localhost@evil.com'],
    ['plain http to another IPv6 address', 'http://[::2]'],
    ['a user and a password', 'https://user:password@example.com'],
    ['a user', 'https://token@example.com'],
    ['a query', 'https://example.com?index=main'],
    ['a fragment', 'https://example.com/#fragment'],
    // What is appended to these would not become part of the path.
    ['an empty query', 'https://example.com?'],
    ['an empty fragment', 'https://example.com/path#'],
  ])('rejects a URL with %s', (_, url) => {
    expect(baseUrl.parse(url)).toEqual({
      problem: 'must be an https URL without user, query and fragment',
    });
  });
});

describe('credential', () => {
  it.each(['0123-abcd', '~!"#$%&\'()*+,/:;<=>?@[\\]^_`{|}'])('reads %s', (input) => {
    expect(parse(credential, input)).toBe(input);
  });

  it.each(['two words', 'two\nlines', 'a\r\nX-Header: b', 'tab\there', 'schlüssel', '\u200btoken', '\0', ''])(
    'rejects %j',
    (input) => {
      expect(credential.parse(input)).toEqual({ problem: 'must be ASCII characters without spaces' });
    },
  );

  it('is sensitive, and so is any string that is declared to be', () => {
    expect([credential.sensitive, sensitiveString.sensitive, headerList.sensitive]).toEqual([
      true,
      true,
      true,
    ]);
    expect([string.sensitive, baseUrl.sensitive, booleanString.sensitive]).toEqual([false, false, false]);
  });
});

describe('matching', () => {
  const pin = matching(/^\d{4}$/, 'must be four digits');

  it('reads what matches and rejects what does not, without its value', () => {
    expect(pin.parse('4711')).toEqual({ value: '4711' });
    expect(pin.parse('secret')).toEqual({ problem: 'must be four digits' });
  });
});

describe('headerList', () => {
  it.each([
    ['api-key=k3y', { 'api-key': 'k3y' }],
    ['Authorization=Basic%20YWRhOmxhZHk=', { Authorization: 'Basic YWRhOmxhZHk=' }],
    ['a=1,b=2', { a: '1', b: '2' }],
    ['x-other=one=of=them', { 'x-other': 'one=of=them' }],
    ['x-list=one%2Ctwo', { 'x-list': 'one,two' }],
  ])('reads %s', (input, expected) => {
    expect(parse(headerList, input)).toEqual(expected);
  });

  it.each([
    'api-key',
    'api-key=',
    '=k3y',
    'a=1,',
    'a b=1',
    'api-key=k 3y',
    'api-key=k%0d%0aX-Header:%201',
    'api-key=k%C3%A9y',
    'api-key=%',
    'api%2Dkey=k3y',
    'Host=evil.com',
    'Content-Type=text/html',
    'Transfer-Encoding=chunked',
  ])('rejects %j', (input) => {
    expect(headerList.parse(input)).toEqual({
      problem: 'must be name=value,name=value, percent-encoded',
    });
  });
});

describe('certificates', async () => {
  const [one, other] = await Promise.all([createCertificate(), createCertificate()]);
  const pem = `${one.cert.trim()}\n`;
  const otherPem = `${other.cert.trim()}\n`;

  it.each([
    ['as it is', pem],
    ['with CRLF', pem.replaceAll('\n', '\r\n')],
    ['with spaces for line breaks', pem.replaceAll('\n', ' ')],
    ['with \\n for line breaks', pem.replaceAll('\n', '\\n')],
    ['with text around it', `CN = splunk.acme.com\n${pem}\n# the end`],
  ])('reads a certificate %s', (_, input) => {
    expect(parse(certificates, input)).toEqual([pem]);
  });

  it.each([
    ['in lines', `${pem}${otherPem}`],
    ['in one line', `${pem}${otherPem}`.replaceAll('\n', ' ')],
    ['separated by a comma', `${pem},${otherPem}`],
  ])('reads two certificates %s', (_, input) => {
    expect(parse(certificates, input)).toEqual([pem, otherPem]);
  });

  it.each([
    ['a string', 'certificate'],
    ['a private key', one.key],
    ['half a certificate', pem.slice(0, pem.length / 2)],
    ['a certificate that lacks some characters', pem.replace(/\n.{40}/, '\n')],
    ['something else between the markers', pem.replace(/\n[^-]+\n/, '\nZ2FyYmFnZQ==\n')],
    ['a certificate and garbage', `${pem}${pem.replace(/\n[^-]+\n/, '\nZ2FyYmFnZQ==\n')}`],
    ['a certificate and half of another', `${pem}${otherPem.slice(0, otherPem.length / 2)}`],
  ])('rejects %s', (_, input) => {
    expect(certificates.parse(input)).toEqual({ problem: 'must be PEM certificates' });
  });
});
