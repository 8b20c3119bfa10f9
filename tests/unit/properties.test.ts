import { describe, expect, it } from 'vitest';
import {
  eventPath,
  getAt,
  PROPERTY_LIMIT,
  parsePath,
  propertyList,
  readProperties,
  toProperties,
} from '../../lib/properties.ts';
import { login } from '../support/events.ts';

const parseList = (input: string) => propertyList.parse(input);

describe('parsePath', () => {
  it.each([
    ['user.app_metadata.plan', ['user', 'app_metadata', 'plan']],
    ['request.query.ext-partner', ['request', 'query', 'ext-partner']],
    ['user.user_metadata.teams.0', ['user', 'user_metadata', 'teams', '0']],
  ])('splits %s into its keys', (text, value) => {
    expect(parsePath(text)).toEqual({ value });
  });

  it.each(['plan', '', 'user.', '.plan', 'user..plan', 'user.a b', 'user.plan[0]', `user.${'x'.repeat(65)}`])(
    'rejects the malformed path "%s" without quoting it',
    (text) => {
      expect(parsePath(text)).toEqual({ problem: 'needs a path like user.app_metadata.plan' });
    },
  );

  it.each([
    'secrets.SPLUNK_HEC_TOKEN',
    'refresh_token.id',
    'user.identities.0.accessToken',
    'user.identities',
    'request.body.password',
    'request.query.access_token',
    'user.app_metadata.clientSecret',
    'transaction.metadata.id_token',
  ])('rejects %s, which could hold a credential, and names it', (text) => {
    expect(parsePath(text)).toEqual({ problem: `cannot read ${text}` });
  });

  it.each(['nonsense.plan', '__proto__.polluted', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'])(
    'rejects %s, which leads nowhere and may be a credential, without quoting it',
    (text) => {
      expect(parsePath(text)).toEqual({ problem: 'needs a path like user.app_metadata.plan' });
    },
  );
});

describe('eventPath', () => {
  it('is a path, and shows nothing that must be masked', () => {
    expect(eventPath.parse('session.id')).toEqual({ value: ['session', 'id'] });
    expect(eventPath.sensitive).toBe(false);
  });
});

describe('propertyList', () => {
  it('reads paths and constants, with spaces and commas in constants', () => {
    expect(parseList(" plan = user.app_metadata.plan , site='Paris, France',env='' ")).toEqual({
      value: [
        { name: 'plan', path: ['user', 'app_metadata', 'plan'] },
        { name: 'site', constant: 'Paris, France' },
        { name: 'env', constant: '' },
      ],
    });
  });

  it('is empty where nothing is given', () => {
    expect(parseList('')).toEqual({ value: [] });
  });

  it.each([
    ['plan', "must be name=path,name='constant', unlike entry 1"],
    ["env='prod", "must be name=path,name='constant', unlike entry 1"],
    ['a=user.name,b', "must be name=path,name='constant', unlike entry 2"],
    ['1st=user.name', 'has an invalid name in entry 1'],
    ['$set=user.name', 'has an invalid name in entry 1'],
    ['a.b=user.name', 'has an invalid name in entry 1'],
    [`${'n'.repeat(65)}=user.name`, 'has an invalid name in entry 1'],
    ['plan=user.name,plan=user.nickname', 'names plan twice'],
    ['a=user.name,plan=plan', 'needs a path like user.app_metadata.plan in entry 2'],
    ['id=user.identities.0.user_id', 'cannot read user.identities.0.user_id'],
  ])('rejects %s and says where', (input, problem) => {
    expect(parseList(input)).toEqual({ problem });
  });

  it('bounds the number of properties', () => {
    const list = (count: number) =>
      Array.from({ length: count }, (_, index) => `p${index}=user.name`).join(',');
    expect(parseList(list(PROPERTY_LIMIT))).toHaveProperty('value');
    expect(parseList(list(PROPERTY_LIMIT + 1))).toEqual({ problem: 'has more than 40 properties' });
  });
});

describe('getAt', () => {
  it('finds values in objects and lists', () => {
    const event = login({ authorization: { roles: ['admin', 'editor'] } });
    expect(getAt(event, ['authorization', 'roles', '1'])).toBe('editor');
    expect(getAt(event, ['request', 'geoip', 'cityName'])).toBe('Bellevue');
  });

  it('finds nothing on a path that leads through a string, null or nothing', () => {
    expect(getAt(login(), ['user', 'email', 'length'])).toBeUndefined();
    expect(getAt(login(), ['user', 'app_metadata', 'plan', 'name'])).toBeUndefined();
    const user = { ...login().user, app_metadata: null as unknown as Record<string, unknown> };
    expect(getAt(login({ user }), ['user', 'app_metadata', 'plan'])).toBeUndefined();
  });

  it('finds nothing that an object inherits', () => {
    expect(getAt(login(), ['user', 'constructor', 'name'])).toBeUndefined();
    expect(getAt(login(), ['user', '__proto__', 'toString'])).toBeUndefined();
  });
});

describe('readProperties', () => {
  it('reads the values at the paths, and constants', () => {
    const sources = [
      { name: 'city', path: ['request', 'geoip', 'cityName'] },
      { name: 'env', constant: 'prod' },
    ];
    expect(readProperties(login(), sources)).toEqual({ city: 'Bellevue', env: 'prod' });
  });
});

describe('toProperties', () => {
  it('keeps strings, finite numbers, booleans, valid dates, and lists of strings', () => {
    const properties = {
      plan: 'gold',
      seats: 3,
      trial: false,
      since: new Date(0),
      roles: ['admin', 'editor'],
    };
    expect(toProperties(properties)).toEqual(properties);
  });

  it.each([
    ['an object', { nested: true }],
    ['null', null],
    ['nothing', undefined],
    ['an empty string', ''],
    ['an empty list', []],
    ['a list of objects', [{ name: 'pwd' }]],
    ['a number that JSON does not have', Number.NaN],
    ['a date that is none', new Date('never')],
    ['a function', () => 'gold'],
    ['a bigint', 1n],
  ])('leaves out %s', (_, value) => {
    expect(toProperties({ plan: value, kept: 1 })).toEqual({ kept: 1 });
  });

  it('leaves out names that a declared property could not have', () => {
    expect(toProperties({ $set: 1, 'a b': 1, '1st': 1, ok: 1 })).toEqual({ ok: 1 });
  });

  it('keeps the strings of a mixed list', () => {
    expect(toProperties({ roles: ['admin', 7, '', null] })).toEqual({ roles: ['admin'] });
  });

  it('cuts long strings, also in lists, without leaving half a character', () => {
    const { text, list } = toProperties({ text: `${'x'.repeat(511)}🙂`, list: ['y'.repeat(600)] });
    expect(text).toBe(`${'x'.repeat(511)}\uFFFD`);
    expect(list).toEqual(['y'.repeat(512)]);
  });

  it('bounds the length of a list, the number of properties, and the size of all together', () => {
    expect(toProperties({ roles: Array.from({ length: 30 }, () => 'r') }).roles).toHaveLength(20);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, 1]));
    expect(Object.keys(toProperties(many))).toHaveLength(40);
    const large = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`p${index}`, 'x'.repeat(512)]),
    );
    expect(JSON.stringify(toProperties(large)).length).toBeLessThan(8192 + 100);
    expect(Object.keys(toProperties(large))).toHaveLength(15);
  });
});
