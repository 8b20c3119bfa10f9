import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config.ts';
import { ConfigError } from '../../lib/errors.ts';

const getProblems = (secrets: object): Record<string, string> => {
  try {
    readConfig(secrets);
  } catch (error) {
    if (error instanceof ConfigError) return Object.fromEntries(error.problems);
    throw error;
  }
  throw new RangeError('there is no problem');
};

describe('readConfig', () => {
  it.each([
    ['nothing', undefined, {}],
    ['no CONFIG', { LOG: 'all' }, { LOG: 'all' }],
    ['an empty CONFIG', { CONFIG: ' ', LOG: 'all' }, { CONFIG: ' ', LOG: 'all' }],
  ])('returns the secrets as they are for %s', (_, secrets, expected) => {
    expect(readConfig(secrets)).toEqual(expected);
  });

  it('adds what CONFIG holds, with numbers and booleans as the strings that a secret is', () => {
    const CONFIG = '{"EVENTS":"SignUp","DELIVERY_TIMEOUT_MS":1500,"KEENIO_ADDONS":true}';
    expect(readConfig({ LOG: 'all', CONFIG })).toEqual({
      LOG: 'all',
      CONFIG,
      EVENTS: 'SignUp',
      DELIVERY_TIMEOUT_MS: '1500',
      KEENIO_ADDONS: 'true',
    });
  });

  it('names every secret that is set twice, without its values', () => {
    const CONFIG = '{"LOG":"all","EVENTS":"SignUp","RECORD":"all"}';
    expect(getProblems({ LOG: 'failures', EVENTS: 'Login', CONFIG })).toEqual({
      LOG: 'is set twice, as a secret and in CONFIG',
      EVENTS: 'is set twice, as a secret and in CONFIG',
    });
  });

  it('lets CONFIG set what is an empty secret', () => {
    expect(readConfig({ LOG: ' ', CONFIG: '{"LOG":"all"}' })).toMatchObject({ LOG: 'all' });
  });

  it.each([
    '{',
    'LOG=all',
    '["LOG"]',
    '"LOG"',
    'null',
    '{"LOG":null}',
    '{"LOG":{"level":"all"}}',
    '{"LOG":["all"]}',
  ])('rejects %s', (CONFIG) => {
    expect(getProblems({ CONFIG })).toEqual({ CONFIG: 'must be a JSON object of strings' });
  });

  it('does not accept another CONFIG inside', () => {
    expect(getProblems({ CONFIG: '{"CONFIG":"{}"}' })).toEqual({
      CONFIG: 'is set twice, as a secret and in CONFIG',
    });
  });

  it('does not touch a prototype', () => {
    expect(readConfig({ CONFIG: '{"__proto__":"x"}' })).not.toHaveProperty('polluted');
    expect(Object.getPrototypeOf(readConfig({ CONFIG: '{"__proto__":"x"}' }))).toBe(Object.prototype);
  });
});
