import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import { credential, string } from '../../lib/formats.ts';
import { optional, required } from '../../lib/secrets.ts';
import { HASHABLE_FIELDS, OMITTABLE_FIELDS, parseSecrets, type settings } from '../../lib/settings.ts';

const NONE = { secrets: {} };

/** What is wrong with settings. */
const getProblems = (input: Partial<Record<keyof typeof settings, string>>): string => {
  try {
    parseSecrets({ secrets: {} }, input);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('The settings were accepted');
};

describe('parseSecrets', () => {
  it('has defaults for every setting', () => {
    expect(JSON.parse(JSON.stringify(parseSecrets(NONE, {})))).toEqual({
      EVENTS: ['SignUp', 'Login'],
      EXCLUDE: [],
      PROPERTIES: [],
      USER_PROPERTIES: [],
      ANONYMOUS_ID: ['request', 'query', 'ext-anonymous_id'],
      GROUPS: 'organization',
      RECORD: 'interactive',
      SIGNUP_WINDOW_DAYS: 7,
      OMIT_FIELDS: ['phone', 'picture', 'coordinates'],
      HASH_FIELDS: [],
      DELIVERY_TIMEOUT_MS: 3000,
      ON_FAILURE: 'continue',
      LOG: 'failures',
    });
  });

  it('reads settings and the secrets of a sink', () => {
    const sink = {
      secrets: { ACME_TOKEN: required(credential, 'Token'), ACME_INDEX: optional(string, 'Index', 'main') },
    };
    expect(
      parseSecrets(sink, {
        ACME_TOKEN: 't0ken',
        EVENTS: 'signup',
        RECORD: 'All',
        SIGNUP_WINDOW_DAYS: '0',
        OMIT_FIELDS: 'none',
        HASH_FIELDS: 'userId,name,email',
        HASH_KEY: 'k3y',
        DELIVERY_TIMEOUT_MS: '250',
        ON_FAILURE: 'Deny',
        LOG: 'ALL',
        GROUPS: 'off',
        PROPERTIES: "plan=user.app_metadata.plan,env='prod'",
      }),
    ).toMatchObject({
      ACME_TOKEN: 't0ken',
      ACME_INDEX: 'main',
      EVENTS: ['SignUp'],
      RECORD: 'all',
      SIGNUP_WINDOW_DAYS: 0,
      OMIT_FIELDS: [],
      HASH_FIELDS: ['userId', 'name', 'email'],
      HASH_KEY: 'k3y',
      DELIVERY_TIMEOUT_MS: 250,
      ON_FAILURE: 'deny',
      LOG: 'all',
      GROUPS: 'off',
      PROPERTIES: [
        { name: 'plan', path: ['user', 'app_metadata', 'plan'] },
        { name: 'env', constant: 'prod' },
      ],
    });
  });

  it('returns the same object as long as the secrets are equal: it stands for the configuration', () => {
    const sink = { secrets: { ACME_TOKEN: required(credential, 'Token') } };
    const first = parseSecrets(sink, { ACME_TOKEN: 't0ken' });
    expect(parseSecrets(sink, { ACME_TOKEN: ' t0ken ', UNKNOWN: 'x' })).toBe(first);
    const second = parseSecrets(sink, { ACME_TOKEN: 'another' });
    expect(second).toMatchObject({ ACME_TOKEN: 'another' });
    expect(parseSecrets(sink, { ACME_TOKEN: 'another', LOG: 'all' })).not.toBe(second);
  });

  it('throws for malformed secrets each time, and forgets them', () => {
    const sink = { secrets: { ACME_TOKEN: required(credential, 'Token') } };
    for (let attempts = 0; attempts < 2; attempts += 1) {
      expect(() => parseSecrets(sink, { ACME_TOKEN: '' })).toThrow('ACME_TOKEN is missing');
    }
    expect(parseSecrets(sink, { ACME_TOKEN: 't0ken' })).toMatchObject({ ACME_TOKEN: 't0ken' });
  });

  it('keeps the secrets of sinks apart', () => {
    const one = { secrets: { TOKEN: required(credential, 'Token') } };
    const other = { secrets: { TOKEN: required(credential, 'Token') } };
    const values = parseSecrets(one, { TOKEN: 't0ken' });
    expect(parseSecrets(other, { TOKEN: 'another' })).toMatchObject({ TOKEN: 'another' });
    expect(parseSecrets(one, { TOKEN: 't0ken' })).toBe(values);
  });

  it("checks the sink's own combination of secrets as well", () => {
    const sink = { secrets: {}, check: () => ({ ACME_ID: 'is missing' }) };
    expect(() => parseSecrets(sink, {})).toThrow('ACME_ID is missing');
  });

  it.each([
    ['DELIVERY_TIMEOUT_MS', '249', 'must be a whole number from 250 to 10000'],
    ['DELIVERY_TIMEOUT_MS', '3 s', 'must be a whole number from 250 to 10000'],
    ['ON_FAILURE', 'fail', 'must be continue or deny'],
    ['RECORD', 'everything', 'must be interactive or all'],
    ['LOG', 'none', 'must be failures or all'],
    ['SIGNUP_WINDOW_DAYS', '366', 'must be a whole number from 0 to 365'],
    ['EVENTS', 'Logout', 'must be some of SignUp,Login'],
    ['GROUPS', 'on', 'must be organization or off'],
    ['TLS_CA_CERT', 'certificate', 'must be PEM certificates'],
    ['OMIT_FIELDS', 'address', `must be some of ${OMITTABLE_FIELDS} or of your properties`],
    ['OMIT_FIELDS', 'userId', `must be some of ${OMITTABLE_FIELDS} or of your properties`],
    ['OMIT_FIELDS', 'email;ip', 'must be names, separated by commas'],
    ['HASH_FIELDS', 'address', `must be some of ${HASHABLE_FIELDS} or of your properties`],
    ['HASH_FIELDS', 'coordinates', `must be some of ${HASHABLE_FIELDS} or of your properties`],
  ] as const)('rejects %s=%s', (name, value, problem) => {
    expect(getProblems({ [name]: value, HASH_KEY: 'k3y' })).toBe(`${name} ${problem}`);
  });

  it('omits nothing by default that is to be hashed', () => {
    const hashed = { HASH_FIELDS: 'phone', HASH_KEY: 'k3y' };
    expect(parseSecrets(NONE, hashed).OMIT_FIELDS).toEqual(['picture', 'coordinates']);
    expect(parseSecrets(NONE, { ...hashed, OMIT_FIELDS: 'phone' }).OMIT_FIELDS).toEqual(['phone']);
  });

  it.each([undefined, '', '  '])('demands a key for hashes, not %j', (HASH_KEY) => {
    const key = HASH_KEY === undefined ? {} : { HASH_KEY };
    expect(getProblems({ HASH_FIELDS: 'email', ...key })).toBe('HASH_KEY is missing');
    expect(parseSecrets(NONE, { OMIT_FIELDS: 'email', ...key }).OMIT_FIELDS).toEqual(['email']);
  });

  it('lets declared properties be omitted and hashed', () => {
    const input = {
      PROPERTIES: 'plan=user.app_metadata.plan',
      USER_PROPERTIES: 'team=user.app_metadata.team',
      OMIT_FIELDS: 'plan',
      HASH_FIELDS: 'team',
      HASH_KEY: 'k3y',
    };
    expect(parseSecrets(NONE, input)).toMatchObject({ OMIT_FIELDS: ['plan'], HASH_FIELDS: ['team'] });
  });

  it.each(['PROPERTIES', 'USER_PROPERTIES'] as const)(
    'lets no property of %s redefine a fixed one',
    (name) => {
      expect(getProblems({ [name]: 'email=user.app_metadata.email' })).toBe(`${name} cannot redefine email`);
    },
  );
});
