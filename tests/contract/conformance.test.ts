/** What every destination owes a login, from its source and from its built file, over real sockets. */
import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { signUpId } from '../../lib/activity.ts';
import { getRequiredSecrets, getSensitiveValues } from '../../lib/secrets.ts';
import { settings } from '../../lib/settings.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { IDENTITY_ACCESS_TOKEN, type User } from '../../tools/simulator/auth0/event.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import {
  ADA,
  DATABASE,
  getActivities,
  getTypes,
  IP,
  openSandbox,
  TENANT,
  toSignedUp,
} from '../support/sandbox.ts';
import { loadSource } from '../support/source.ts';
import { useSteadyClock } from '../support/steady-clock.ts';

/** No secret but a plain string accepts it. */
const MALFORMED = 'hunter2\nhunter2';
const SIGN_UP_ID = signUpId(TENANT, ADA.user_id);

/** What the tenant's login has, in the words of its event. */
const FIELDS = [
  ...Object.values(ADA),
  IP,
  'Mozilla/5.0',
  'Web shop',
  'client_shop',
  DATABASE,
  'acme',
  'org_acme',
  'US',
  'Bellevue',
  'oidc-basic-profile',
  TENANT,
];

const HOSTILE_PROFILES: ReadonlyArray<readonly [string, Partial<User>]> = [
  ['emoji', { name: '👩‍💻 Ada 🎩', nickname: '🎩' }],
  ['quotes and line breaks', { name: 'Ada "the\r\nfirst" \u2028\\ \u0000 \'); DROP TABLE' }],
  ['half an emoji', { name: 'Ada \ud83d' }],
  [
    'strings of 100 kB',
    { name: 'Ö'.repeat(100_000), email: '"'.repeat(100_000), nickname: 'x'.repeat(100_000) },
  ],
  ['dots and dollars in its keys', { 'a.b.$c': 'd', user_metadata: { 'a.b': { $c: 'd' } } }],
  ['its own __proto__', JSON.parse('{"__proto__":{"name":"x"},"constructor":"y","toString":"z"}')],
  [
    'values of other types',
    { name: 42, email: { at: 'home' }, last_login: [], created_at: new Date() } as object,
  ],
];

const sinks = await loadSinks();

useSteadyClock();

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('the %s', (_, load) => {
  describe.each(sinks.map((sink) => [sink.name, sink] as const))('of %s', (name, sink) => {
    const open = async (secrets: Record<string, string> = {}, profile: Partial<User> = {}) => {
      const sandbox = await openSandbox({ names: [name], load, secrets, profile });
      const [mock] = sandbox.mocks as [VendorMock];
      return { ...sandbox, mock };
    };

    it('delivers a SignUp, then a Login, with every field', async () => {
      const { mock, user, logIn } = await open();
      expect(await logIn()).toMatchObject({ outcome: 'completed', line: '' });
      expect(user.app_metadata).toEqual(toSignedUp([name]));
      expect(await logIn()).toMatchObject({ outcome: 'completed', line: '' });
      expect(user.metadataWrites).toBe(1);

      expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
      expect(mock.requests).toHaveLength(2);
      for (const { body } of mock.requests) {
        expect(FIELDS.filter((value) => !body.includes(value))).toEqual([]);
      }
    });

    it("never forwards the identity provider's access token", async () => {
      const { mock, logIn } = await open();
      await logIn();
      expect(mock.requests).toHaveLength(1);
      expect(JSON.stringify(mock.requests)).not.toContain(IDENTITY_ACCESS_TOKEN);
    });

    it('logs a success with LOG=all', async () => {
      const { logIn } = await open({ LOG: 'all' });
      expect((await logIn()).line).toMatch(new RegExp(`^\\[${name}\\] SignUp delivered in \\d+ ms$`));
    });

    it('repeats a rejected SignUp with its id, and sets no flag before it is accepted', async () => {
      const { mock, user, logIn } = await open();
      mock.injectFault({ response: { status: 401, body: '{"text":"as the vendor says"}' } });
      expect(await logIn()).toMatchObject({
        outcome: 'completed',
        line: `[${name}] SignUp failed: 401 as the vendor says; will be sent again at the user's next login; check the credentials in the Action's secrets`,
      });
      expect(user.app_metadata).toEqual({});

      mock.injectFault(undefined);
      expect(await logIn()).toMatchObject({ line: '' });
      expect(user.app_metadata).toEqual(toSignedUp([name]));
      expect(getActivities(mock)).toMatchObject([{ type: 'SignUp', id: SIGN_UP_ID }]);
      for (const { body } of mock.requests) expect(body).toContain(SIGN_UP_ID);
    });

    it('repeats a SignUp after an outage with its id, once', async () => {
      const { mock, user, logIn } = await open();
      mock.injectFault({ response: { status: 503, body: '{"text":"as the vendor says"}' } });
      const { outcome, line } = await logIn();
      expect(outcome).toBe('completed');
      expect(line.replace(/\d\.\d s/, '# s')).toBe(
        `[${name}] SignUp failed: 503 as the vendor says (3 attempts, # s); buffered for retry`,
      );
      expect(user.app_metadata).toEqual({});
      expect(mock.requests).toHaveLength(3);

      mock.injectFault(undefined);
      expect((await logIn()).outcomes).toMatchObject([{ status: 'delivered', flushed: 0 }]);
      expect(user.app_metadata).toEqual(toSignedUp([name]));
      expect(getActivities(mock)).toMatchObject([{ type: 'SignUp', id: SIGN_UP_ID }]);
      for (const { body } of mock.requests) expect(body).toContain(SIGN_UP_ID);
    });

    it.each([
      ['empty', ''],
      ['blank', ' \t '],
    ])('names every required secret that is %s', async (_, value) => {
      const required = getRequiredSecrets(sink.secrets);
      const { mock, logIn } = await open(Object.fromEntries(required.map((secret) => [secret, value])));
      expect(await logIn()).toMatchObject({
        outcome: 'completed',
        outcomes: [
          {
            status: 'misconfigured',
            problems: Object.fromEntries(required.map((secret) => [secret, 'is missing'])),
          },
        ],
        line: `[${name}] Not configured: ${required.map((secret) => `${secret} is missing`).join('; ')}`,
      });
      expect(mock.requests).toEqual([]);
    });

    it('names every malformed secret, as many as the line can hold, and no value', async () => {
      const malformed = Object.entries({ ...sink.secrets, ...settings })
        .filter(([, secret]) => 'problem' in secret.parse(MALFORMED))
        .map(([secret]) => secret);
      expect(malformed.length).toBeGreaterThan(5);
      const { mock, logIn } = await open(Object.fromEntries(malformed.map((secret) => [secret, MALFORMED])));
      const { outcomes, line } = await logIn();
      const [outcome] = outcomes;
      expect(outcome?.status === 'misconfigured' && Object.keys(outcome.problems)).toEqual(malformed);
      const named: readonly string[] = line.match(/\w+/g) ?? [];
      const missing = malformed.filter((secret) => !named.includes(secret)).length;
      expect(missing === 0 || line.includes(` and ${missing} more`)).toBe(true);
      expect(JSON.stringify(outcome) + line).not.toContain('hunter2');
      expect(mock.requests).toEqual([]);
    });

    it('delivers a login of which Auth0 provides only what it guarantees', async () => {
      const { mock, tenant } = await open();
      const [{ secrets = {} } = {}] = tenant.bindings;
      const event = { user: { user_id: ADA.user_id }, secrets } as unknown as Event;
      const { error, logs, outcomes } = await load(name).execute(event, createApi(event).api);
      expect([error, logs]).toEqual([undefined, '']);
      expect(outcomes).toMatchObject([{ status: 'delivered' }]);
      // Nothing shows that the user is new.
      expect(getTypes(mock)).toEqual(['Login']);
    });

    it.each(HOSTILE_PROFILES)('delivers a profile with %s', async (_, profile) => {
      const { mock, logIn } = await open({}, profile);
      expect(await logIn()).toMatchObject({ outcome: 'completed', line: '' });
      expect(getTypes(mock)).toEqual(['SignUp']);
    });

    it('logs no secret and no personal data, whatever the destination responds', async () => {
      const { mock, user, logIn } = await open({}, { name: 'Ada "Lady" Lovelace\nof Ockham' });
      await logIn();
      const [sent] = mock.requests;
      const secrets = getSensitiveValues(sink.secrets, mock.secrets);
      const privateValues = [...secrets, 'auth0|ada', 'Lovelace', 'Ockham', ADA.email, IP];
      user.app_metadata = {};
      for (const body of [
        ...[user.user_id, user.name, user.email, IP, ...secrets].map((value) => `You sent ${value}`),
        sent?.body,
        JSON.stringify({ message: sent?.body }),
        JSON.stringify(sent?.headers),
      ]) {
        mock.injectFault({ response: { status: 400, body: String(body) } });
        const { line, outcomes } = await logIn();
        const [outcome] = outcomes;
        expect(outcome).toMatchObject({ status: 'failed', code: '400' });
        const published = outcome?.status === 'failed' ? outcome.message : '';
        expect(privateValues.filter((value) => `${line} ${published}`.includes(value))).toEqual([]);
      }
    });
  });
});

it('gives one SignUp the same id at every destination', async () => {
  const { mocks, logIn } = await openSandbox({});
  await logIn();
  for (const mock of mocks) {
    expect(getActivities(mock).map(({ id }) => id)).toEqual([SIGN_UP_ID]);
  }
});
