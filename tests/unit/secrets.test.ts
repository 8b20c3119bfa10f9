import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import {
  baseUrl,
  booleanString,
  credential,
  headerList,
  matching,
  sensitiveString,
  string,
} from '../../lib/formats.ts';
import {
  eventNames,
  getRequiredSecrets,
  getSensitiveValues,
  optional,
  parseDeclared,
  readSecret,
  regional,
  required,
  type SecretDeclarations,
  selectConfigured,
} from '../../lib/secrets.ts';
import { LOGIN, SIGN_UP } from '../support/events.ts';

const DECLARATIONS = {
  URL: required(baseUrl, 'URL'),
  TOKEN: required(credential, 'Token'),
  NAME: optional(string, 'Name'),
  COLOR: optional(string, 'Color', 'blue'),
  VERIFY: optional(booleanString, 'Whether to verify', 'true'),
};
const GIVEN = { URL: 'https://example.com', TOKEN: 't0ken' };

/** What is wrong with secrets. */
const getProblems = (input: unknown, declarations: SecretDeclarations = DECLARATIONS): string => {
  try {
    parseDeclared(declarations, input);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('The secrets were accepted');
};

describe('parseDeclared', () => {
  it('uses defaults, and leaves out what has none', () => {
    expect(parseDeclared(DECLARATIONS, GIVEN)).toEqual({
      ...GIVEN,
      NAME: undefined,
      COLOR: 'blue',
      VERIFY: true,
    });
  });

  it('reads secrets by their formats', () => {
    const given = { ...GIVEN, URL: 'https://example.com/', NAME: 'Name', COLOR: 'red', VERIFY: 'False' };
    expect(parseDeclared(DECLARATIONS, given)).toEqual({
      ...given,
      URL: 'https://example.com',
      VERIFY: false,
    });
  });

  it('trims secrets', () => {
    const given = { ...GIVEN, TOKEN: ' t0ken\n', COLOR: '\tred ' };
    expect(parseDeclared(DECLARATIONS, given)).toMatchObject({ TOKEN: 't0ken', COLOR: 'red' });
  });

  it.each(['', '   ', '\n', null, 7, true, {}, () => 'red'])('takes %j for an absent secret', (value) => {
    expect(parseDeclared(DECLARATIONS, { ...GIVEN, NAME: value, COLOR: value })).toMatchObject({
      NAME: undefined,
      COLOR: 'blue',
    });
    expect(getProblems({ ...GIVEN, TOKEN: value })).toBe('TOKEN is missing');
  });

  it.each([[undefined], [null], ['secrets'], [7], [[]], [Object.create(null)]])(
    'takes %j for no secrets',
    (input) => {
      expect(parseDeclared({}, input)).toEqual({});
      expect(getProblems(input)).toBe('URL is missing; TOKEN is missing');
    },
  );

  it.each(['{"toString":"a","UNKNOWN":"b"}', '{"__proto__":{"COLOR":"red"}}'])(
    'reads nothing but declared secrets: %s',
    (json) => {
      expect(parseDeclared({}, JSON.parse(json))).toStrictEqual({});
    },
  );

  it('reports every problem, by name and never by value', () => {
    const input = { URL: 'http://value.example.com', VERIFY: 'value', PIN: 'value' };
    const declarations = { ...DECLARATIONS, PIN: optional(matching(/^\d+$/, 'must be digits'), 'PIN') };
    expect(getProblems(input, declarations)).toBe(
      'URL must be an https URL without user, query and fragment; TOKEN is missing; ' +
        'VERIFY must be true or false; PIN must be digits',
    );
    expect(getProblems(input, declarations)).not.toContain('value');
  });

  it('checks the combination of secrets that are well-formed each', () => {
    const check = ({ COLOR }: { COLOR: string }) =>
      COLOR === 'red' ? { NAME: 'is missing, as COLOR is red' } : undefined;
    const parse = (input: object) => parseDeclared(DECLARATIONS, input, check);
    expect(parse(GIVEN)).toMatchObject({ COLOR: 'blue' });
    expect(() => parse({ ...GIVEN, COLOR: 'red' })).toThrow('NAME is missing, as COLOR is red');
    expect(() => parse({ COLOR: 'red' })).toThrow('URL is missing; TOKEN is missing');
  });
});

describe('ConfigError', () => {
  it('holds the problems by name', () => {
    const error = new ConfigError(new Map([['URL', 'is missing']]));
    expect(error).toMatchObject({ name: 'ConfigError', message: 'URL is missing' });
    expect([...error.problems]).toEqual([['URL', 'is missing']]);
  });
});

describe('readSecret', () => {
  it('reads one secret before the check', () => {
    expect(readSecret({ LOG: ' all ' }, 'LOG')).toBe('all');
    expect(readSecret({ LOG: ' ' }, 'LOG')).toBeUndefined();
    expect(readSecret(undefined, 'LOG')).toBeUndefined();
    expect(readSecret(null, 'LOG')).toBeUndefined();
  });
});

describe('getRequiredSecrets', () => {
  it('names the secrets that must be given', () => {
    expect(getRequiredSecrets(DECLARATIONS)).toEqual(['URL', 'TOKEN']);
  });
});

describe('selectConfigured', () => {
  const splunk = { name: 'splunk', secrets: { SPLUNK_TOKEN: required(credential, 'Token') } };
  const keen = {
    name: 'keen',
    secrets: { KEEN_ID: required(string, 'ID'), KEEN_KEY: required(credential, 'Key') },
  };
  const select = (destinations: ReadonlyArray<typeof splunk | typeof keen>, input: unknown) =>
    selectConfigured(destinations, ({ secrets }) => secrets, input).map(({ name }) => name);

  it('selects destinations of which a required secret is given', () => {
    expect(select([splunk, keen], { KEEN_KEY: 'k3y' })).toEqual(['keen']);
    expect(select([splunk, keen], { KEEN_KEY: 'k3y', SPLUNK_TOKEN: 't0ken' })).toEqual(['splunk', 'keen']);
    expect(select([splunk, keen], { KEEN_KEY: ' ' })).toEqual([]);
  });

  it('always selects a single destination', () => {
    expect(select([splunk], {})).toEqual(['splunk']);
  });
});

describe('getSensitiveValues', () => {
  const declarations = {
    TOKEN: required(credential, 'Token'),
    KEY: optional(sensitiveString, 'Key'),
    INDEX: optional(string, 'Index'),
    HEADERS: optional(headerList, 'Headers'),
  };

  it('finds the values of sensitive secrets, as they are sent', () => {
    const input = { TOKEN: ' t0ken\n', INDEX: 'main', OTHER: 'other' };
    expect(getSensitiveValues(declarations, input)).toEqual(['t0ken']);
  });

  it('finds malformed values as well', () => {
    expect(getSensitiveValues(declarations, { TOKEN: 'two words', HEADERS: 'k3y' })).toEqual([
      'two words',
      'k3y',
    ]);
  });

  it('finds the credentials in a list of headers, without names and schemes', () => {
    const HEADERS = 'Authorization=Basic%20YWRhOmxhZHk=,api-key=k3y%2B';
    const values = getSensitiveValues(declarations, { HEADERS });
    expect(values).toEqual(expect.arrayContaining(['YWRhOmxhZHk=', 'ada:lady', 'k3y+']));
    expect(values.join()).not.toMatch(/Authorization|Basic|api-key/);
  });

  it.each([undefined, null, 'secrets', 7])('finds none in %j', (input) => {
    expect(getSensitiveValues(declarations, input)).toEqual([]);
  });
});

describe('regional', () => {
  const hosts = { us: 'https://us.example.com', eu: 'https://eu.example.com' };
  const { secrets, getHost } = regional('ACME', hosts, { region: 'Region', host: 'Host' });
  const chooseHost = (input: object): string => getHost(parseDeclared(secrets, input));

  it('chooses the first region by default', () => {
    expect(chooseHost({})).toBe('https://us.example.com');
  });

  it('chooses a region', () => {
    expect(chooseHost({ ACME_REGION: 'EU' })).toBe('https://eu.example.com');
    expect(getProblems({ ACME_REGION: 'asia' }, secrets)).toBe('ACME_REGION must be us or eu');
  });

  it('lets a host take precedence', () => {
    expect(chooseHost({ ACME_REGION: 'eu', ACME_HOST: 'https://proxy.example.com/' })).toBe(
      'https://proxy.example.com',
    );
  });
});

describe('eventNames', () => {
  const { secrets, getEventName } = eventNames('ACME', 'Signed Up', 'Logged In');
  const nameEvents = (input: object): string[] => {
    const values = parseDeclared(secrets, input);
    return [SIGN_UP, LOGIN].map((activity) => getEventName(activity, values));
  };

  it('names a SignUp and a Login', () => {
    expect(nameEvents({})).toEqual(['Signed Up', 'Logged In']);
    expect(nameEvents({ ACME_SIGNUP_EVENT: 'sign up', ACME_LOGIN_EVENT: 'log in' })).toEqual([
      'sign up',
      'log in',
    ]);
  });
});
