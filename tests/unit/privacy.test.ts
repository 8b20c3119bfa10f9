import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { type Activity, signUpId, toSignUp } from '../../lib/activity.ts';
import { protect } from '../../lib/privacy.ts';
import { readSecrets } from '../../lib/secrets.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { createSandbox, type Sandbox } from '../../tools/simulator/sandbox.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { LOGIN } from '../support/events.ts';

const HASH_KEY = 'Jefe';
const hmac = (value: string): string => createHmac('sha256', HASH_KEY).update(value).digest('hex');

describe('the fields of an activity', () => {
  const protectWith = (given: Record<string, string>, activity: Activity = LOGIN): Activity =>
    protect(activity, readSecrets(v.object({}), { HASH_KEY, ...given }));

  it('are as they were unless the secrets say otherwise', () => {
    expect(protectWith({})).toEqual(LOGIN);
  });

  it.each([
    ['name', 'user'],
    ['email', 'user'],
    ['ip', 'request'],
    ['userAgent', 'request'],
  ] as const)('are as they were but for the %s that is omitted or hashed', (field, part) => {
    const { [field]: value = '' } = LOGIN[part] as Record<string, string>;
    expect(value).not.toBe('');
    expect(protectWith({ OMIT_FIELDS: field })).toEqual({
      ...LOGIN,
      [part]: { ...LOGIN[part], [field]: undefined },
    });
    expect(protectWith({ HASH_FIELDS: field })).toEqual({
      ...LOGIN,
      [part]: { ...LOGIN[part], [field]: hmac(value) },
    });
  });

  it('can have a hash for the id of the user, and the SignUp has its id from that', () => {
    const hashed = protectWith({ HASH_FIELDS: 'userId' });
    expect(hashed).toEqual({ ...LOGIN, user: { ...LOGIN.user, id: hmac(LOGIN.user.id) } });
    expect(toSignUp(hashed, 7).id).toBe(signUpId('example', hmac('auth0|5f7c8ec7c33c6c004bbafe82')));
  });

  it('are omitted where they are to be hashed, too', () => {
    const { user } = protectWith({ OMIT_FIELDS: 'name', HASH_FIELDS: 'name,email' });
    expect(user).toMatchObject({ name: undefined, email: hmac(LOGIN.user.email ?? '') });
  });

  it('stay absent where they are absent', () => {
    const activity: Activity = { ...LOGIN, user: { id: 'auth0|ada' }, request: {} };
    const { user, request } = protectWith({ HASH_FIELDS: 'userId,name,email,ip,userAgent' }, activity);
    expect(user).toEqual({ id: hmac('auth0|ada') });
    expect(request).toEqual({});
  });

  // https://www.rfc-editor.org/rfc/rfc4231#section-4.3
  it('are hashed by HMAC-SHA256, in hex', () => {
    const activity: Activity = { ...LOGIN, user: { id: 'auth0|ada', name: 'what do ya want for nothing?' } };
    expect(protectWith({ HASH_FIELDS: 'name' }, activity).user.name).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('are hashed differently with another key', () => {
    const { user } = protectWith({ HASH_FIELDS: 'userId', HASH_KEY: 'other' });
    expect(user.id).toMatch(/^[\da-f]{64}$/);
    expect(user.id).not.toBe(hmac(LOGIN.user.id));
  });
});

describe('no request to a destination', async () => {
  const DATABASE = 'Username-Password-Authentication';

  /** Each looks different in JSON, in a URL and in base64. */
  const PERSON = {
    userId: 'auth0|ada "the first"/é',
    name: 'Ada "Lady" Lovelace \\ é',
    email: 'ada+"work"@example.com',
    ip: '2001:db8::7',
    userAgent: 'Mozilla/5.0 ("X11"; é)',
  };
  const HASHES = Object.fromEntries(Object.entries(PERSON).map(([field, value]) => [field, hmac(value)]));
  const FIELDS = Object.keys(PERSON) as Array<keyof typeof PERSON>;
  const EVERY_FIELD_BUT_THE_ID = 'name,email,ip,userAgent';

  /** The value as it is, in JSON, in a URL, and wherever it may stand in base64. */
  const formsOf = (value: string): string[] => [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURI(value),
    encodeURIComponent(value),
    ...[0, 1, 2].map((offset) =>
      Buffer.from(' '.repeat(offset) + value)
        .toString('base64')
        .slice(4, -4),
    ),
  ];

  const contentOf = ({ requests }: VendorMock): string =>
    requests.map(({ path, headers, body }) => JSON.stringify(headers) + path + body).join('\n');

  let stage: Sandbox;
  afterEach(() => stage.close());

  /** What the destination of one Action gets of a SignUp and a Login. */
  const recordBoth = async (name: string, secrets: Record<string, string>): Promise<VendorMock> => {
    const all = { ...secrets, HASH_KEY, KEENIO_LOGIN_COLLECTION: 'logins' };
    stage = await createSandbox({ names: [name], secrets: all });
    stage.tenant.addApplication({ client_id: 'shop', name: 'Web shop' });
    stage.tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
    const { name: fullName, email, ip, userAgent } = PERSON;
    const user = stage.tenant.addUser({
      user_id: PERSON.userId,
      connection: DATABASE,
      name: fullName,
      email,
    });
    const request = { ip, user_agent: userAgent };
    for (const login of [1, 2]) {
      const { actions } = await stage.tenant.login({ user: user.user_id, application: 'shop', request });
      expect([login, actions[0]?.logs]).toEqual([login, '']);
    }
    const [destination] = stage.mocks as [VendorMock];
    expect(destination.events.map(({ type }) => type).filter((type) => type !== 'other')).toEqual([
      'SignUp',
      'Login',
    ]);
    return destination;
  };

  const expectNone = (content: string, fields: readonly string[]): void => {
    for (const [field, value] of Object.entries(PERSON)) {
      const found = formsOf(value).filter((form) => content.includes(form));
      expect([field, found.length > 0]).toEqual([field, !fields.includes(field)]);
    }
  };

  describe.each((await loadSinks()).map(({ name }) => name))('%s', (name) => {
    it('has a field that is omitted', async () => {
      const destination = await recordBoth(name, { OMIT_FIELDS: EVERY_FIELD_BUT_THE_ID });
      expectNone(contentOf(destination), EVERY_FIELD_BUT_THE_ID.split(','));
    });

    it('has a field that is hashed: it has the hash', async () => {
      const destination = await recordBoth(name, { HASH_FIELDS: FIELDS.join(',') });
      expectNone(contentOf(destination), FIELDS);
      for (const { body } of destination.requests) {
        for (const hash of Object.values(HASHES)) expect(body).toContain(hash);
      }
      const [signUp] = destination.events.filter(({ type }) => type === 'SignUp');
      expect(signUp).toMatchObject({
        id: signUpId('local-tenant', hmac(PERSON.userId)),
        userId: hmac(PERSON.userId),
      });
    });

    it('has a trace of the person if all is omitted, and the id hashed', async () => {
      const destination = await recordBoth(name, {
        OMIT_FIELDS: EVERY_FIELD_BUT_THE_ID,
        HASH_FIELDS: FIELDS.join(','),
      });
      const content = contentOf(destination);
      expectNone(content, FIELDS);
      const { userId, ...others } = HASHES;
      expect(content).toContain(userId);
      for (const hash of Object.values(others)) expect(content).not.toContain(hash);
    });

    it('has any of it later, if it was kept meanwhile', async () => {
      const { requests } = await recordBoth(name, { HASH_FIELDS: FIELDS.join(',') });
      const [destination] = stage.mocks as [VendorMock];
      destination.injectFault({ response: { status: 501 } }, { count: 1 });
      await stage.tenant.login({
        user: PERSON.userId,
        application: 'shop',
        request: { ip: PERSON.ip, user_agent: PERSON.userAgent },
      });
      await stage.tenant.login({ user: PERSON.userId, application: 'shop' });
      expect(requests).toHaveLength(5);
      expectNone(contentOf(destination), FIELDS);
      expect(requests.at(-1)?.body).toContain(HASHES.ip);
    });
  });
});
