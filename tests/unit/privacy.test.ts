import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Activity, signUpId } from '../../lib/activity.ts';
import { applyPrivacy, type Privacy, toRecorded } from '../../lib/privacy.ts';
import { LOGIN } from '../support/events.ts';

const HASH_KEY = 'Jefe';

const hmac = (value: string): string => createHmac('sha256', HASH_KEY).update(value).digest('hex');

const apply = (privacy: Partial<Privacy>, activity: Activity = ACTIVITY): Activity =>
  applyPrivacy(activity, { OMIT_FIELDS: [], HASH_FIELDS: [], HASH_KEY, ...privacy });

/** No two fields have the same value. */
const ACTIVITY: Activity = {
  ...LOGIN,
  user: {
    ...LOGIN.user,
    name: 'Ada Lovelace',
    givenName: 'Ada',
    familyName: 'Lovelace',
    username: 'countess',
    email: 'ada@example.com',
    phone: '+442071234567',
    picture: 'https://example.com/ada.png',
    properties: { plan: 'gold' },
  },
  properties: { team: 'engines' },
};

const FIELDS = [
  ['name', 'user'],
  ['givenName', 'user'],
  ['familyName', 'user'],
  ['username', 'user'],
  ['email', 'user'],
  ['phone', 'user'],
  ['picture', 'user'],
  ['ip', 'request'],
  ['userAgent', 'request'],
  ['team', 'properties'],
] as const;

describe('applyPrivacy', () => {
  it('changes nothing by itself', () => {
    expect(apply({})).toEqual(ACTIVITY);
  });

  it.each(FIELDS)('omits %s, and nothing else', (field, group) => {
    expect(Reflect.get(ACTIVITY[group], field)).toEqual(expect.any(String));
    expect(apply({ OMIT_FIELDS: [field] })).toEqual({
      ...ACTIVITY,
      [group]: { ...ACTIVITY[group], [field]: undefined },
    });
  });

  it.each(FIELDS)('hashes %s, and nothing else', (field, group) => {
    const value: string = Reflect.get(ACTIVITY[group], field);
    expect(apply({ HASH_FIELDS: [field] })).toEqual({
      ...ACTIVITY,
      [group]: { ...ACTIVITY[group], [field]: hmac(value) },
    });
  });

  it('omits both coordinates', () => {
    const { latitude, longitude, ...request } = ACTIVITY.request;
    expect([latitude, longitude]).toEqual([47.61793, -122.19584]);
    expect(apply({ OMIT_FIELDS: ['coordinates'] })).toEqual({ ...ACTIVITY, request });
  });

  it("omits and hashes properties of the user's profile", () => {
    expect(apply({ OMIT_FIELDS: ['plan'] }).user.properties.plan).toBeUndefined();
    expect(apply({ HASH_FIELDS: ['plan'] }).user.properties.plan).toBe(hmac('gold'));
  });

  it('hashes a property that is no string', () => {
    const activity = { ...ACTIVITY, properties: { seats: 7, roles: ['admin', 'editor'] } };
    expect(apply({ HASH_FIELDS: ['seats'] }, activity).properties.seats).toBe(hmac('7'));
    expect(apply({ OMIT_FIELDS: ['seats', 'roles'] }, activity).properties).toEqual({});
  });

  it("hashes the user's id, and the SignUp has its id from the hash", () => {
    const { user } = apply({ HASH_FIELDS: ['userId'] });
    expect(user).toEqual({ ...ACTIVITY.user, id: hmac(LOGIN.user.id), auth0Id: hmac(LOGIN.user.id) });
    const privacy = { OMIT_FIELDS: [], HASH_FIELDS: ['userId'], HASH_KEY };
    expect(toRecorded(ACTIVITY, 'SignUp', privacy).id).toBe(signUpId('example', hmac(LOGIN.user.id)));
  });

  it("hashes the id that the operator chose, and Auth0's", () => {
    const chosen = { ...ACTIVITY, user: { ...ACTIVITY.user, id: 'customer-7' } };
    expect(apply({ HASH_FIELDS: ['userId'] }, chosen).user).toMatchObject({
      id: hmac('customer-7'),
      auth0Id: hmac(LOGIN.user.id),
    });
  });

  it("never omits the user's id", () => {
    const activity = { ...ACTIVITY, user: { ...ACTIVITY.user, id: 'ada@example.com' } };
    expect(apply({ OMIT_FIELDS: ['email'] }, activity).user.id).toBe('ada@example.com');
  });

  it('omits a field that is to be hashed as well', () => {
    expect(apply({ OMIT_FIELDS: ['name'], HASH_FIELDS: ['name', 'email'] }).user).toMatchObject({
      name: undefined,
      email: hmac('ada@example.com'),
    });
  });

  it('leaves absent what is absent', () => {
    const activity: Activity = {
      ...ACTIVITY,
      user: { id: 'auth0|ada', auth0Id: 'auth0|ada', properties: {} },
      request: {},
      properties: {},
    };
    const { user, request } = apply({ HASH_FIELDS: FIELDS.map(([field]) => field) }, activity);
    expect(JSON.parse(JSON.stringify({ user, request }))).toEqual({
      user: { id: 'auth0|ada', auth0Id: 'auth0|ada', properties: {} },
      request: {},
    });
  });

  it('hashes no field that is undefined', () => {
    const user = { ...ACTIVITY.user, phone: undefined };
    expect(apply({ HASH_FIELDS: ['phone'] }, { ...ACTIVITY, user }).user).toEqual(user);
  });

  // https://www.rfc-editor.org/rfc/rfc4231#section-4.3
  it('hashes by HMAC-SHA256, in hex', () => {
    const activity = { ...ACTIVITY, user: { ...ACTIVITY.user, name: 'what do ya want for nothing?' } };
    expect(apply({ HASH_FIELDS: ['name'] }, activity).user.name).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('hashes differently with another key', () => {
    const { user } = apply({ HASH_FIELDS: ['email'], HASH_KEY: 'another' });
    expect(user.email).toMatch(/^[\da-f]{64}$/);
    expect(user.email).not.toBe(hmac('ada@example.com'));
  });
});

describe('applyPrivacy, where another field has the same value', () => {
  /** A database user: Auth0 makes the e-mail address the name. */
  const databaseUser: Activity = {
    ...ACTIVITY,
    user: {
      ...ACTIVITY.user,
      name: 'Ada@Example.com',
      username: 'ada@example.com',
      properties: { login: 'ADA@example.com', contacts: ['ada@example.com', 'grace@example.com'] },
    },
    visitor: { campaign: { utm_term: 'ada@example.com' }, anonymousId: 'ada@example.com' },
    properties: { owner: 'ada@example.com' },
  };

  it('omits it everywhere, in upper or lower case', () => {
    const { user, visitor, properties } = apply({ OMIT_FIELDS: ['email'] }, databaseUser);
    expect(JSON.stringify({ user, visitor, properties }).toLowerCase()).not.toContain('ada@example.com');
    expect(user.properties.contacts).toEqual(['grace@example.com']);
  });

  it('hashes it everywhere, in the case that it has there', () => {
    const { user, visitor, properties } = apply({ HASH_FIELDS: ['email'] }, databaseUser);
    expect(user).toMatchObject({
      name: hmac('Ada@Example.com'),
      email: hmac('ada@example.com'),
      username: hmac('ada@example.com'),
      properties: {
        login: hmac('ADA@example.com'),
        contacts: [hmac('ada@example.com'), 'grace@example.com'],
      },
    });
    expect(visitor).toEqual({
      campaign: { utm_term: hmac('ada@example.com') },
      anonymousId: hmac('ada@example.com'),
    });
    expect(properties).toEqual({ owner: hmac('ada@example.com') });
  });

  it('omits the email address with the name', () => {
    expect(apply({ OMIT_FIELDS: ['name'] }, databaseUser).user.email).toBeUndefined();
  });

  it("hashes a property that has the user's id", () => {
    const activity = { ...ACTIVITY, properties: { owner: LOGIN.user.id } };
    expect(apply({ HASH_FIELDS: ['userId'] }, activity).properties.owner).toBe(hmac(LOGIN.user.id));
  });

  it('omits a value that stands in a property to omit', () => {
    const activity = { ...ACTIVITY, properties: { owner: 'Ada Lovelace' } };
    expect(apply({ OMIT_FIELDS: ['owner'] }, activity).user.name).toBeUndefined();
  });

  it("leaves Auth0's id of the user, of which the id of a SignUp is made", () => {
    const user = { ...ACTIVITY.user, id: 'ada@example.com', auth0Id: 'ada@example.com' };
    expect(apply({ HASH_FIELDS: ['email'] }, { ...ACTIVITY, user }).user).toMatchObject({
      id: 'ada@example.com',
      auth0Id: 'ada@example.com',
      email: hmac('ada@example.com'),
    });
  });

  it('hashes an id of the user that USER_ID chooses', () => {
    const user = { ...ACTIVITY.user, id: 'ada@example.com' };
    expect(apply({ HASH_FIELDS: ['email'] }, { ...ACTIVITY, user }).user).toMatchObject({
      id: hmac('ada@example.com'),
      auth0Id: ACTIVITY.user.auth0Id,
    });
  });

  it('leaves values that only contain it', () => {
    const activity = { ...ACTIVITY, properties: { note: 'mail ada@example.com' } };
    expect(apply({ OMIT_FIELDS: ['email'] }, activity).properties.note).toBe('mail ada@example.com');
  });
});

describe('toRecorded', () => {
  const NONE: Privacy = { OMIT_FIELDS: [], HASH_FIELDS: [], HASH_KEY: undefined };

  it.each(['SignUp', 'Login'] as const)('records a login as a %s', (type) => {
    expect(toRecorded(ACTIVITY, type, NONE).type).toBe(type);
  });

  it('hashes whole values, and cuts what is sent', () => {
    const name = 'x'.repeat(600);
    const activity = { ...ACTIVITY, user: { ...ACTIVITY.user, name } };
    expect(toRecorded(activity, 'Login', NONE).user.name).toBe('x'.repeat(512));
    const hashed = toRecorded(activity, 'Login', { ...NONE, HASH_FIELDS: ['name'], HASH_KEY });
    expect(hashed.user.name).toBe(hmac(name));
  });

  it('makes the id of a SignUp of the whole user id', () => {
    const getId = (end: string) => {
      const id = 'x'.repeat(600) + end;
      return toRecorded({ ...ACTIVITY, user: { ...ACTIVITY.user, id, auth0Id: id } }, 'SignUp', NONE).id;
    };
    expect(getId('a')).not.toBe(getId('b'));
  });
});
