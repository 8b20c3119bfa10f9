/** One login of one user, from which the payloads in the documents are computed. */
import { type Activity, toLogin, toSignUp } from '../../../lib/activity.ts';
import type { LoginEvent } from '../../../lib/login-event.ts';
import { getRequiredSecrets, type SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';

/** No two values are equal, so that a value in a payload tells which field it comes from. */
export const EVENT = {
  secrets: {},
  tenant: { id: 'acme' },
  client: { client_id: 'kX3wQ9LrT6nVb2YcJ8sDfHm4ZaPeUg7R', name: 'Web shop', metadata: {} },
  connection: { name: 'acme-google', strategy: 'google-oauth2' },
  organization: { id: 'org_9ybsU1dN2dKfDkBi', name: 'initech' },
  transaction: { id: 'nZniEmn3ejOpcV46_ac1CxJCuO_gAuwR', protocol: 'oidc-basic-profile' },
  request: {
    ip: '198.51.100.24',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    geoip: { countryCode: 'GB', cityName: 'London' },
    query: {},
  },
  stats: { logins_count: 42 },
  user: {
    user_id: 'google-oauth2|117345092874311906257',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    created_at: '2026-01-31T09:28:00.000Z',
    last_login: '2026-01-30T18:05:00.000Z',
    app_metadata: {},
  },
} satisfies LoginEvent;

const NOW = new Date('2026-01-31T09:30:00.000Z');

/** Another time than that of the login, to tell the two apart. */
export const SENT_AT = new Date('2026-01-31T09:30:01.000Z');

export const LOGIN: Activity = toLogin(EVENT, NOW);

const FIRST_LOGIN = {
  ...EVENT,
  stats: { logins_count: 1 },
  user: { ...EVENT.user, last_login: undefined },
};

export const SIGN_UP: Activity = toSignUp(toLogin(FIRST_LOGIN, NOW));

const CANDIDATES = ['example', 'https://acme.example.com', `whsec_${'A'.repeat(32)}`];

/** Secrets with which a sink is configured: only what it requires. */
export const exampleSecrets = ({
  secrets,
}: {
  readonly secrets: SecretDeclarations;
}): Record<string, string> =>
  Object.fromEntries(
    getRequiredSecrets(secrets).map((name) => {
      const value = CANDIDATES.find((candidate) => 'value' in (secrets[name]?.parse(candidate) ?? {}));
      if (value === undefined)
        throw new Error(`No example is known for ${name}: add one to ${import.meta.filename}`);
      return [name, value];
    }),
  );

/** What a sink sends for an activity, as it is in JSON. */
export const examplePayload = (sink: Sink, activity: Activity): unknown =>
  JSON.parse(JSON.stringify(sink.toPayload(activity, parseSecrets(sink, exampleSecrets(sink)), SENT_AT)));
