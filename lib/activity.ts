/**
 * Auth0's event → Activity. The only reader of Auth0's event shape.
 * https://auth0.com/docs/actions/reference/post-login/post-login-event-object
 */
import type { Event } from '@auth0/actions/post-login/v3';
import { parse, v4, v5 } from 'uuid';

/** One SignUp or one Login, the same for every destination. What Auth0's event does not have is absent. */
export interface Activity {
  /** UUID, the same on every attempt, replay and destination: what destinations deduplicate by. */
  readonly id: string;
  readonly type: 'SignUp' | 'Login';
  /** When it happened. */
  readonly time: Date;
  /** Name of the Auth0 tenant. */
  readonly tenant: string;
  readonly user: {
    readonly id: string;
    readonly name?: string | undefined;
    readonly email?: string | undefined;
    /** When the profile was created: by a sign-up, an import, an invitation. */
    readonly createdAt?: Date | undefined;
    /** Logins so far, this one included. */
    readonly loginsCount?: number | undefined;
    /** The login before this one. */
    readonly lastLogin?: Date | undefined;
  };
  readonly application: { readonly id?: string | undefined; readonly name?: string | undefined };
  readonly connection: { readonly name?: string | undefined; readonly strategy?: string | undefined };
  readonly organization: { readonly id?: string | undefined; readonly name?: string | undefined };
  readonly request: {
    readonly ip?: string | undefined;
    readonly userAgent?: string | undefined;
    /** ISO 3166-1 alpha-2. */
    readonly country?: string | undefined;
    readonly city?: string | undefined;
  };
  /** Auth0's name of the protocol, `oidc-basic-profile` for one. */
  readonly protocol?: string | undefined;
}

/**
 * Longer texts are cut. Whoever signs up chooses some of them, and destinations refuse a whole event
 * for its size: Keen strings of 10 000 characters, Segment events of 32 kB.
 */
const TEXT_LIMIT_CHARS = 512;

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** Namespace of our name-based UUIDs (RFC 9562, version 5). A new value would make every destination count again. */
const ID_NAMESPACE = parse('2bc937c3-864b-4f48-a4fe-d7d0500a6f0d');

/** Executions of post-login in which nobody logs in. https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger */
const PROTOCOLS_WITHOUT_LOGIN = new Map<unknown, string>([
  ['oauth2-refresh-token', 'refresh-token exchange'],
  ['oauth2-token-exchange', 'token exchange'],
  ['oauth2-access-token', 'delegation'],
  ['oauth2-resource-owner-jwt-bearer', 'JWT bearer grant'],
]);

/**
 * Why this execution is not to be recorded, if so: `silent authentication`, say.
 * @param everything records what is no login of a person, too; an application's opting out still counts.
 */
export const whySkipped = (event: Event, everything: boolean): string | undefined => {
  if (event.client?.metadata?.analytics === 'off') return 'the application has analytics: off';
  if (everything) return undefined;
  // Executions that are logins can have `none` in `transaction.prompt`, too; only the query tells.
  if (event.request?.query?.prompt === 'none') return 'silent authentication';
  return PROTOCOLS_WITHOUT_LOGIN.get(event.transaction?.protocol);
};

/** What the event tells, read as a Login that happens now. Throws if there is no user id: Auth0 guarantees one. */
export const toLogin = (event: Event, now: Date): Activity => {
  const { user, client, connection, organization, request, transaction } = event;
  const userId = text(user.user_id);
  if (userId === undefined) throw new TypeError('event.user.user_id is not a text');
  const tenant = text(event.tenant?.id) ?? '';
  return {
    id: loginId(tenant, text(transaction?.id)),
    type: 'Login',
    time: now,
    tenant,
    user: {
      id: userId,
      name: text(user.name),
      email: text(user.email),
      createdAt: date(user.created_at),
      loginsCount: count(event.stats?.logins_count),
      lastLogin: date(user.last_login),
    },
    application: { id: text(client?.client_id), name: text(client?.name) },
    connection: { name: text(connection?.name), strategy: text(connection?.strategy) },
    organization: { id: text(organization?.id), name: text(organization?.name) },
    request: {
      ip: text(request?.ip),
      userAgent: text(request?.user_agent),
      country: text(request?.geoip?.countryCode),
      city: text(request?.geoip?.cityName),
    },
    protocol: text(transaction?.protocol),
  };
};

/** The same login as the SignUp of its user, dated at the creation of the profile unless that is long ago. */
export const toSignUp = (login: Activity, windowDays: number): Activity => {
  const { createdAt } = login.user;
  const isKnown = createdAt !== undefined && createdAt < login.time && isCreatedWithin(login, windowDays);
  return {
    ...login,
    id: signUpId(login.tenant, login.user.id),
    type: 'SignUp',
    time: isKnown ? createdAt : login.time,
  };
};

/** True if the profile was created at most so many days before the activity. */
export const isCreatedWithin = ({ user, time }: Activity, days: number): boolean =>
  user.createdAt !== undefined && time.getTime() - user.createdAt.getTime() <= days * MS_PER_DAY;

/** What no vendor has a name or a place of its own for: destinations take it flat, under our names. */
export const detailsOf = ({ tenant, protocol, user, connection, organization, request }: Activity) => ({
  tenant,
  protocol,
  connection: connection.name,
  strategy: connection.strategy,
  organization: organization.name,
  organizationId: organization.id,
  country: request.country,
  city: request.city,
  createdAt: user.createdAt,
  loginsCount: user.loginsCount,
  lastLogin: user.lastLogin,
});

/** What in an activity tells who someone is, in full or together with other data. */
export const personalData = ({ user, request }: Activity): ReadonlyArray<string | undefined> => [
  user.id,
  user.name,
  user.email,
  request.ip,
  request.userAgent,
];

/** One SignUp per user and tenant, whenever and wherever it is sent. */
export const signUpId = (tenant: string, userId: string): string => nameBased(tenant, userId, 'SignUp');

/** One Login per transaction; without one (Auth0 gives it to browser flows only) nothing makes it recognisable. */
export const loginId = (tenant: string, transactionId: string | undefined): string =>
  transactionId === undefined ? v4() : nameBased(tenant, transactionId, 'Login');

const nameBased = (...parts: readonly string[]): string => v5(JSON.stringify(parts), ID_NAMESPACE);

/** Custom databases and identity providers put anything anywhere; whatever is not a text is absent. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, TEXT_LIMIT_CHARS).toWellFormed() : undefined;

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? Number(value) : undefined;

const date = (value: unknown): Date | undefined => {
  const parsed = value instanceof Date || typeof value === 'string' ? new Date(value) : undefined;
  return parsed && !Number.isNaN(parsed.getTime()) ? parsed : undefined;
};
