/** One login of one user, from which the payloads in the documents are computed. */
import { type Activity, toLogin } from '../../../lib/activity.ts';
import { applyChoices } from '../../../lib/choices.ts';
import { toRecorded } from '../../../lib/privacy.ts';
import { getRequiredSecrets, type SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';

/** No two values are equal, so that a value in a payload shows which field it comes from. */
export const EVENT = {
  secrets: {},
  tenant: { id: 'acme' },
  client: { client_id: 'kX3wQ9LrT6nVb2YcJ8sDfHm4ZaPeUg7R', name: 'Web shop', metadata: {} },
  connection: { id: 'con_fpe5kj482KO1eOzQ', name: 'acme-google', strategy: 'google-oauth2', metadata: {} },
  organization: { id: 'org_9ybsU1dN2dKfDkBi', name: 'initech', display_name: 'Initech Ltd', metadata: {} },
  transaction: { id: 'nZniEmn3ejOpcV46_ac1CxJCuO_gAuwR', protocol: 'oidc-basic-profile' },
  authentication: {
    methods: [
      { name: 'federated', timestamp: '2026-01-31T09:29:40.000Z' },
      { name: 'mfa', timestamp: '2026-01-31T09:29:50.000Z' },
    ],
  },
  session: { id: 'vLQ8sN2kXcR4tYw7' },
  request: {
    ip: '198.51.100.24',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    hostname: 'login.acme.example',
    language: 'en-GB',
    asn: '64500',
    geoip: {
      countryCode: 'GB',
      countryName: 'United Kingdom',
      subdivisionCode: 'ENG',
      subdivisionName: 'England',
      cityName: 'London',
      continentCode: 'EU',
      latitude: 51.5074,
      longitude: -0.1278,
      timeZone: 'Europe/London',
    },
    query: {
      'ext-anonymous_id': '7d1c0a52-3b6e-4f38-9a47-c5e2d8b09f16',
      'ext-session_id': '1769851500000',
      'ext-referrer': 'https://news.example.com/best-shops',
      'ext-utm_source': 'newsletter',
      'ext-utm_medium': 'mailing',
      'ext-utm_campaign': 'winter-sale',
    } as Record<string, string>,
  },
  stats: { logins_count: 42 },
  user: {
    user_id: 'google-oauth2|117345092874311906257',
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    nickname: 'al',
    username: 'countess',
    email: 'ada@example.com',
    email_verified: true,
    phone_number: '+441632960123',
    picture: 'https://cdn.example.com/ada.png',
    created_at: '2026-01-31T09:28:00.000Z',
    last_login: '2026-01-30T18:05:00.000Z',
    app_metadata: { plan: 'gold', role: 'buyer' },
    user_metadata: {},
  },
};

const NOW = new Date('2026-01-31T09:30:00.000Z');

/** Another time than that of the login, to tell the two apart. */
export const SENT_AT = new Date('2026-01-31T09:30:01.000Z');

const FIRST_LOGIN = {
  ...EVENT,
  stats: { logins_count: 1 },
  user: { ...EVENT.user, last_login: undefined },
};

/** Settings that show where properties of the operator's own go. */
export const CHOICES = {
  PROPERTIES: 'plan=user.app_metadata.plan',
  USER_PROPERTIES: 'role=user.app_metadata.role',
};

const toActivity = (type: Activity['type'], secrets: Readonly<Record<string, string>>): Activity => {
  const event = type === 'SignUp' ? FIRST_LOGIN : EVENT;
  const settings = parseSecrets({ secrets: {} }, { ...CHOICES, ...secrets });
  return toRecorded(
    applyChoices(toLogin(event, NOW), event, settings, {}, () => {}),
    type,
    settings,
  );
};

/** With every field. */
export const LOGIN = toActivity('Login', { OMIT_FIELDS: 'none' });
export const SIGN_UP = toActivity('SignUp', { OMIT_FIELDS: 'none' });

/** With the fields that are sent by default. */
export const DEFAULT_SIGN_UP = toActivity('SignUp', {});

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
