/** What every destination owes a login, from its source and from its built file, over real sockets. */
import type { Event } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { signUpId } from '../../lib/activity.ts';
import { settings } from '../../lib/secrets.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import type { User } from '../../tools/simulator/auth0/event.ts';
import { IDENTITY_ACCESS_TOKEN } from '../../tools/simulator/auth0/event.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { createSandbox, type Sandbox } from '../../tools/simulator/sandbox.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { loadSource } from '../support/source.ts';

const DATABASE = 'Username-Password-Authentication';
const LOG_LINE_LIMIT_CHARS = 256;
const MALFORMED = 'neither a line\nnor a value';
const SIGN_UP_ID = signUpId('local-tenant', 'auth0|ada');

/** What the tenant's login has, in the words of its event. */
const FIELDS = [
  'auth0|ada',
  'Ada Lovelace',
  'ada@example.com',
  '203.0.113.7',
  'Mozilla/5.0',
  'Web shop',
  'client_shop',
  DATABASE,
  'acme',
  'org_acme',
  'US',
  'Bellevue',
  'oidc-basic-profile',
  'local-tenant',
];

const HOSTILE_PROFILES: ReadonlyArray<readonly [string, Partial<User>]> = [
  ['emoji', { name: '👩‍💻 Ada 🎩', nickname: '🎩' }],
  ['quotes and line breaks', { name: 'Ada "the\r\nfirst" \u2028\\ \u0000 \'); DROP TABLE' }],
  ['half an emoji', { name: 'Ada \ud83d' }],
  [
    'texts of 100 kB',
    { name: 'Ö'.repeat(100_000), email: '"'.repeat(100_000), nickname: 'x'.repeat(100_000) },
  ],
  ['dots and dollars in its keys', { 'a.b.$c': 'd', user_metadata: { 'a.b': { $c: 'd' } } }],
  ['a __proto__ of its own', JSON.parse('{"__proto__":{"name":"x"},"constructor":"y","toString":"z"}')],
  [
    'values of other kinds',
    { name: 42, email: { at: 'home' }, last_login: [], created_at: new Date() } as object,
  ],
];

const sinks = await loadSinks();

const open: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((stage) => stage.close()));
});

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('from its %s', (_, load) => {
  describe.each(sinks.map((sink) => [sink.name, sink] as const))('%s', (name, sink) => {
    /** A tenant whose flow has this Action alone, and a new user. */
    const setUp = async (secrets: Record<string, string> = {}, profile: Partial<User> = {}) => {
      const stage = await createSandbox({ names: [name], load, secrets });
      open.push(stage);
      const { tenant } = stage;
      const [destination] = stage.mocks as [VendorMock];
      tenant.addApplication({ client_id: 'client_shop', name: 'Web shop' });
      tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
      tenant.addOrganization({ id: 'org_acme', name: 'acme' });
      const user = tenant.addUser({
        user_id: 'auth0|ada',
        connection: DATABASE,
        name: 'Ada Lovelace',
        email: 'ada@example.com',
        ...profile,
      });
      const login = async () => {
        const { outcome, actions } = await tenant.login({
          user: user.user_id,
          application: 'client_shop',
          organization: 'org_acme',
        });
        expect(outcome).toBe('completed');
        return actions[0]?.logs ?? '';
      };
      return { destination, user, login };
    };

    it('delivers a SignUp, then a Login, with every field', async () => {
      const { destination, user, login } = await setUp();
      await login();
      expect(user.app_metadata).toEqual({ signedUp: { [name]: true } });
      await login();

      expect(typesOf(destination)).toEqual(destination.recordedTypes);
      for (const { body } of destination.requests) {
        for (const value of FIELDS) expect(body).toContain(value);
        expect(body).not.toContain(IDENTITY_ACCESS_TOKEN);
      }
    });

    it('says nothing of a success, and with LOG=all one line', async () => {
      const quiet = await setUp();
      expect(await quiet.login()).toBe('');
      const chatty = await setUp({ LOG: 'all' });
      expect(await chatty.login()).toMatch(new RegExp(`^\\[${name}\\] SignUp delivered in \\d+ ms\\n$`));
    });

    it.each([
      ['a refused credential', 401, "check the credentials in the Action's secrets"],
      ['a wrong address', 404, "check the address in the Action's secrets"],
      ['a refused event', 400, "check the Action's secrets"],
    ])('tells %s, writes no mark, and repeats the SignUp with its id', async (_, status, advice) => {
      const { destination, user, login } = await setUp();
      destination.injectFault({ response: { status, body: '{"text":"as the vendor says"}' } });
      expect(await login()).toBe(
        `[${name}] SignUp not delivered: ${status} as the vendor says; ${advice}; sent again at the user's next login\n`,
      );
      expect(user.app_metadata).toEqual({});
      expect(destination.requests).toHaveLength(1);

      destination.injectFault(undefined);
      await login();
      expect(user.app_metadata).toEqual({ signedUp: { [name]: true } });
      for (const { body } of destination.requests) expect(body).toContain(SIGN_UP_ID);
      expect(typesOf(destination)).toEqual(['SignUp']);
    });

    it('tells an outage, tries three times, and repeats the SignUp with its id, once', async () => {
      const { destination, user, login } = await setUp();
      destination.injectFault({ response: { status: 503, body: '{"text":"as the vendor says"}' } });
      expect(await login()).toMatch(
        new RegExp(
          `^\\[${name}\\] SignUp not delivered: 503 as the vendor says, after 3 attempts in \\d\\.\\d s; kept for later\\n$`,
        ),
      );
      expect(user.app_metadata).toEqual({});
      expect(destination.requests).toHaveLength(3);

      destination.injectFault(undefined);
      await login();
      expect(user.app_metadata).toEqual({ signedUp: { [name]: true } });
      for (const { body } of destination.requests) expect(body).toContain(SIGN_UP_ID);
      expect(typesOf(destination)).toEqual(['SignUp']);
    });

    it.each([
      ['missing', undefined],
      ['empty', ''],
      ['blank', ' \t '],
    ])('names every required secret that is %s in one line', async (_, value) => {
      const required = Object.entries(sink.secrets.entries)
        .filter(([, schema]) => schema.type !== 'optional')
        .map(([secret]) => secret);
      const { destination, login } = await setUp(
        Object.fromEntries(required.map((secret) => [secret, value as string])),
      );
      const problems = required.map((secret) => `${secret} is missing`).join('; ');
      expect(await login()).toBe(`[${name}] Not configured: ${problems}\n`);
      expect(destination.requests).toEqual([]);
    });

    it('names every malformed secret in one line, and no value', async () => {
      const malformed = Object.entries({ ...settings.entries, ...sink.secrets.entries })
        .filter(([, schema]) => !v.is(schema, MALFORMED))
        .map(([secret]) => secret);
      expect(malformed.length).toBeGreaterThan(5);
      const { destination, login } = await setUp(
        Object.fromEntries(malformed.map((secret) => [secret, MALFORMED])),
      );
      const line = await login();
      expect(line.length).toBeLessThan(LOG_LINE_LIMIT_CHARS);
      expect(line).toMatch(new RegExp(`^\\[${name}\\] Not configured`));
      for (const secret of malformed) expect(line).toContain(secret);
      expect(line).not.toContain(MALFORMED);
      expect(destination.requests).toEqual([]);
    });

    it('delivers a login of which Auth0 tells only what it guarantees', async () => {
      const { destination } = await setUp();
      const event = { user: { user_id: 'auth0|ada' }, secrets: destination.secrets } as unknown as Event;
      const { api } = createApi(event);
      const { error, logs } = await load(name).execute(event, api);
      expect(error).toBeUndefined();
      expect(logs).toBe('');
      // Nothing tells that the user is new.
      expect(typesOf(destination)).toEqual(destination.recordedTypes.filter((type) => type === 'Login'));
    });

    it.each(HOSTILE_PROFILES)('delivers a profile with %s', async (_, profile) => {
      const { destination, login } = await setUp({}, profile);
      expect(await login()).toBe('');
      expect(typesOf(destination)).toEqual(['SignUp']);
    });

    it('logs no secret and no personal data, whatever the destination answers', async () => {
      const { destination, user, login } = await setUp({}, { name: 'Ada "Lady" Lovelace\nof Ockham' });
      await login();
      const [sent] = destination.requests;
      const secrets = Object.values(destination.secrets);
      user.app_metadata = {};
      for (const body of [
        ...[user.user_id, user.name, user.email, '203.0.113.7', ...secrets].map(
          (value) => `You sent ${value}`,
        ),
        sent?.body,
        JSON.stringify({ message: sent?.body }),
        JSON.stringify(sent?.headers),
      ]) {
        destination.injectFault({ response: { status: 400, body: String(body) } });
        const line = await login();
        expect(line).toContain('SignUp not delivered: 400');
        expect(line.trimEnd()).not.toContain('\n');
        expect(line.length).toBeLessThan(LOG_LINE_LIMIT_CHARS);
        for (const secret of [...secrets, 'auth0|ada', 'Lovelace', 'ada@example.com', '203.0.113.7']) {
          expect(line).not.toContain(secret);
        }
      }
    });
  });
});

it('identifies one SignUp alike at every destination', async () => {
  const stage = await createSandbox();
  open.push(stage);
  stage.tenant.addApplication({ client_id: 'client_shop', name: 'Web shop' });
  stage.tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
  stage.tenant.addUser({ user_id: 'auth0|ada', connection: DATABASE });
  await stage.tenant.login({ user: 'auth0|ada', application: 'client_shop' });
  for (const { events } of stage.mocks) {
    expect(events.filter(({ type }) => type === 'SignUp').map(({ id }) => id)).toEqual([SIGN_UP_ID]);
  }
});

/** What the destination took, without the calls that accompany it. */
const typesOf = ({ events }: VendorMock): string[] =>
  events.map(({ type }) => type).filter((type) => type !== 'other');
