/**
 * Auth0's event → Activity. The only reader of Auth0's event shape.
 * https://auth0.com/docs/actions/reference/post-login/post-login-event-object
 */
import { isIP } from 'node:net';
import { parse, v4, v5 } from 'uuid';
import type { LoginEvent } from './login-event.ts';
import type { Properties } from './properties.ts';
import type { Visitor } from './visitor.ts';

/** One SignUp or one Login, the same for every destination. What is absent in Auth0's event is absent here. */
export interface Activity {
  /** UUID, the same on every attempt, replay and destination, by which destinations deduplicate. */
  readonly id: string;
  readonly type: 'SignUp' | 'Login';
  /** When it happened. */
  readonly time: Date;
  /** Name of the Auth0 tenant. */
  readonly tenant: string;
  readonly user: {
    /** Auth0's, or the one that `USER_ID` chooses. */
    readonly id: string;
    /** Auth0's: `auth0|5f7c8ec7c33c6c004bbafe82`. */
    readonly auth0Id: string;
    readonly name?: string | undefined;
    readonly givenName?: string | undefined;
    readonly familyName?: string | undefined;
    readonly username?: string | undefined;
    readonly email?: string | undefined;
    readonly emailVerified?: boolean | undefined;
    readonly phone?: string | undefined;
    /** URL. */
    readonly picture?: string | undefined;
    /** When the profile was created: by a sign-up, an import, an invitation. */
    readonly createdAt?: Date | undefined;
    /** Logins so far, this one included. */
    readonly loginsCount?: number | undefined;
    /** The login before this one. */
    readonly lastLogin?: Date | undefined;
    /** What `USER_PROPERTIES` chooses. */
    readonly properties: Properties;
  };
  readonly application: { readonly id?: string | undefined; readonly name?: string | undefined };
  readonly connection: { readonly name?: string | undefined; readonly strategy?: string | undefined };
  readonly organization: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly displayName?: string | undefined;
  };
  /** The organization as the vendor's group or account, unless `GROUPS=off`. */
  readonly group?: { readonly id: string; readonly name?: string | undefined } | undefined;
  readonly authentication: {
    /** `pwd`, `federated`, `passkey`, `mfa` … in Auth0's order. */
    readonly methods?: readonly string[] | undefined;
    /** Whether a second factor was used. */
    readonly mfa?: boolean | undefined;
  };
  readonly request: {
    readonly ip?: string | undefined;
    readonly userAgent?: string | undefined;
    /** BCP 47: `en`. */
    readonly language?: string | undefined;
    /** The tenant's domain that the user saw. */
    readonly hostname?: string | undefined;
    /** Autonomous system of the IP address: `AS13335`. */
    readonly asn?: string | undefined;
    /** `EU`, `NA` … */
    readonly continent?: string | undefined;
    /** ISO 3166-1 alpha-2. */
    readonly country?: string | undefined;
    readonly countryName?: string | undefined;
    /** ISO 3166-2 without the country: `WA`. */
    readonly regionCode?: string | undefined;
    readonly region?: string | undefined;
    readonly city?: string | undefined;
    /** Degrees. */
    readonly latitude?: number | undefined;
    readonly longitude?: number | undefined;
    /** IANA: `America/Los_Angeles`. */
    readonly timeZone?: string | undefined;
  };
  readonly session: { readonly id?: string | undefined };
  readonly visitor: Visitor;
  /** What `PROPERTIES` chooses. */
  readonly properties: Properties;
  /** Auth0's name of the protocol, for example `oidc-basic-profile`. */
  readonly protocol?: string | undefined;
}

/**
 * Longer strings are cut when they are sent. Users choose some of them, and destinations reject a whole event for its
 * size: Keen for a string of 10 000 characters, Segment for 32 kB.
 */
const STRING_LIMIT_CHARS = 512;

/**
 * Where they are too many bytes together, all but the ids of the user are cut to these lengths, until they are not. A
 * UUID stays whole.
 */
const SHORTER_LIMITS_CHARS = [128, 64, 36];
const ACTIVITY_LIMIT_BYTES = 20 * 1024;

const MS_PER_HOUR = 60 * 60 * 1000;
const MS_PER_DAY = 24 * MS_PER_HOUR;

/** Namespace of our name-based UUIDs (RFC 9562, version 5). A new value would make every destination count again. */
const ID_NAMESPACE = parse('2bc937c3-864b-4f48-a4fe-d7d0500a6f0d');

/** Executions of post-login in which nobody logs in. https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger */
const NON_INTERACTIVE_PROTOCOLS = new Map<unknown, string>([
  ['oauth2-refresh-token', 'refresh-token exchange'],
  ['oauth2-token-exchange', 'token exchange'],
  ['oauth2-access-token', 'delegation'],
  ['oauth2-resource-owner-jwt-bearer', 'JWT bearer grant'],
]);

/** Protocols in which a client can ask for silent authentication. Unknown ones count among them. */
const SILENT_PROTOCOLS: readonly unknown[] = [
  undefined,
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
];

/**
 * Why this execution is not recorded: `silent authentication`, for example. Undefined if it is.
 * @param includeNonInteractive records non-interactive executions as well; an application's opt-out still counts.
 */
export const getSkipReason = (event: LoginEvent, includeNonInteractive: boolean): string | undefined => {
  if (event.client?.metadata?.analytics === 'off') return 'the application has analytics: off';
  if (includeNonInteractive) return undefined;
  return getNonInteractiveReason(event);
};

/** Why nobody logs in: `refresh-token exchange`, for example. Undefined for a login. */
export const getNonInteractiveReason = ({ request, transaction }: LoginEvent): string | undefined => {
  const protocol = transaction?.protocol;
  // An interactive login can have `none` in `transaction.prompt`, so the query decides.
  const isSilent = request?.query?.prompt === 'none' && SILENT_PROTOCOLS.includes(protocol);
  return isSilent ? 'silent authentication' : NON_INTERACTIVE_PROTOCOLS.get(protocol);
};

/** The event, read as a Login that happens now. Throws if there is no user id: Auth0 guarantees one. */
export const toLogin = (event: LoginEvent, now: Date): Activity => {
  const { user, client, connection, organization, request, transaction } = event;
  const userId = string(user.user_id);
  if (userId === undefined) throw new TypeError('event.user.user_id is not a string');
  const tenant = string(event.tenant?.id) ?? '';
  return {
    id: loginId(tenant, string(transaction?.id)),
    type: 'Login',
    time: now,
    tenant,
    user: {
      id: userId,
      auth0Id: userId,
      name: string(user.name),
      givenName: string(user.given_name),
      familyName: string(user.family_name),
      username: string(user.username),
      email: string(user.email),
      emailVerified: boolean(user.email_verified),
      phone: string(user.phone_number),
      picture: string(user.picture),
      createdAt: date(user.created_at),
      loginsCount: count(event.stats?.logins_count),
      lastLogin: date(user.last_login),
      properties: {},
    },
    application: { id: string(client?.client_id), name: string(client?.name) },
    connection: { name: string(connection?.name), strategy: string(connection?.strategy) },
    organization: {
      id: string(organization?.id),
      name: string(organization?.name),
      displayName: string(organization?.display_name),
    },
    authentication: toAuthentication(event.authentication?.methods),
    request: {
      ip: string(request?.ip),
      userAgent: string(request?.user_agent),
      language: string(request?.language),
      hostname: string(request?.hostname),
      asn: string(request?.asn),
      continent: string(request?.geoip?.continentCode),
      country: string(request?.geoip?.countryCode),
      countryName: string(request?.geoip?.countryName),
      regionCode: string(request?.geoip?.subdivisionCode),
      region: string(request?.geoip?.subdivisionName),
      city: string(request?.geoip?.cityName),
      latitude: number(request?.geoip?.latitude),
      longitude: number(request?.geoip?.longitude),
      timeZone: string(request?.geoip?.timeZone),
    },
    session: { id: string(event.session?.id) },
    visitor: { campaign: {} },
    properties: {},
    protocol: string(transaction?.protocol),
  };
};

/** Each method is `{ name, timestamp }`; a second factor is named `mfa`. */
const toAuthentication = (methods: unknown): Activity['authentication'] => {
  if (!Array.isArray(methods)) return {};
  const names = methods.flatMap((method) => string(method?.name) ?? []);
  return { methods: names, mfa: names.includes('mfa') };
};

/**
 * The same login as the SignUp of its user. It is dated at the creation of the profile if that was within the hour, or
 * if this is a repeated attempt: not the user's first login.
 */
export const toSignUp = (login: Activity): Activity => {
  const { createdAt, loginsCount = 1 } = login.user;
  const isCreation =
    createdAt !== undefined &&
    (loginsCount > 1 || Math.abs(login.time.getTime() - createdAt.getTime()) <= MS_PER_HOUR);
  return {
    ...login,
    id: signUpId(login.tenant, login.user.auth0Id),
    type: 'SignUp',
    time: isCreation ? createdAt : login.time,
  };
};

/**
 * True if the profile was created within so many days before the activity, or a day after it: clocks differ. Undefined
 * if nobody knows when.
 */
export const isCreatedWithin = ({ user, time }: Activity, days: number): boolean | undefined => {
  if (user.createdAt === undefined) return undefined;
  const ageMs = time.getTime() - user.createdAt.getTime();
  return ageMs <= days * MS_PER_DAY && ageMs >= -MS_PER_DAY;
};

/** The same time on every attempt, for vendors that deduplicate by time as well as by id. */
export const dedupeTime = ({ type, time, user }: Activity): Date =>
  type === 'SignUp' ? (user.createdAt ?? time) : time;

/** The activity with its strings as they can be sent: cut, and valid Unicode. */
export const toSendable = (activity: Activity): Activity => {
  const whole = cutStrings(activity, STRING_LIMIT_CHARS);
  const { id, auth0Id } = whole.user;
  let sendable = whole;
  for (const limitChars of SHORTER_LIMITS_CHARS) {
    if (Buffer.byteLength(JSON.stringify(sendable)) <= ACTIVITY_LIMIT_BYTES) break;
    const shorter = cutStrings(activity, limitChars);
    sendable = { ...shorter, user: { ...shorter.user, id, auth0Id } };
  }
  return sendable;
};

const cutStrings = <T>(value: T, limitChars: number): T => {
  const cut = (item: unknown): unknown => {
    if (typeof item === 'string') return item.slice(0, limitChars).toWellFormed();
    if (typeof item !== 'object' || item === null || item instanceof Date) return item;
    if (Array.isArray(item)) return item.map(cut);
    return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, cut(inner)]));
  };
  return cut(value) as T;
};

/**
 * The flat properties, under our names: the operator's own first, so that none overrides another. A destination takes
 * out those for which its vendor has a place of its own.
 */
export const commonProperties = (activity: Activity) => {
  const { user, application, connection, organization, authentication, request, session, visitor } = activity;
  return {
    ...activity.properties,
    application: application.name,
    clientId: application.id,
    email: user.email,
    userAgent: request.userAgent,
    tenant: activity.tenant,
    protocol: activity.protocol,
    connection: connection.name,
    strategy: connection.strategy,
    organization: organization.name,
    organizationId: organization.id,
    organizationName: organization.displayName,
    methods: authentication.methods,
    mfa: authentication.mfa,
    auth0Id: user.auth0Id === user.id ? undefined : user.auth0Id,
    givenName: user.givenName,
    familyName: user.familyName,
    username: user.username,
    emailVerified: user.emailVerified,
    phone: user.phone,
    picture: user.picture,
    createdAt: user.createdAt,
    loginsCount: user.loginsCount,
    lastLogin: user.lastLogin,
    language: request.language,
    hostname: request.hostname,
    asn: request.asn,
    continent: request.continent,
    country: request.country,
    region: request.region,
    city: request.city,
    latitude: request.latitude,
    longitude: request.longitude,
    timeZone: request.timeZone,
    sessionId: session.id,
    anonymousId: visitor.anonymousId,
    referrer: visitor.referrer,
    ...visitor.campaign,
  };
};

/**
 * Names that the operator's own properties cannot have: ours, and those to which a destination gives a meaning. They are
 * the same for every destination, so that one can be added to an Action without renaming a property.
 */
export const FIXED_PROPERTIES: readonly string[] = [
  ...Object.keys(
    commonProperties({
      user: {},
      application: {},
      connection: {},
      organization: {},
      authentication: {},
      request: {},
      session: {},
      visitor: {},
    } as Activity),
  ),
  ...['id', 'userId', 'name', 'ip', 'type', 'time', 'timestamp', 'occurredAt', 'message', 'event', 'token'],
  ...['clientIP', 'userName', 'action', 'app', 'src', 'user', 'user_id', 'dest'],
  ...['authentication_method', 'authentication_service', 'host', 'source', 'sourcetype'],
  ...['agent', 'clientName', 'clientID', 'firstName', 'lastName', 'avatar', 'company'],
  ...['signed_up', 'login_count', 'last_login', 'signUpApplication', 'signUpConnection'],
  ...['distinct_id', 'mp_country_code', 'hashedIp', 'keen'],
  ...['status', 'service', 'ddsource', 'ddtags', 'evt', 'usr', 'network', 'http'],
  ...['date', '_timestamp', 'Timestamp', 'eventTime', 'published_date'],
];

/** Sent where a vendor would otherwise store and look up the address that Auth0 calls from. */
export const NO_IP = '0.0.0.0';

/** The IP address, for vendors that look up its geolocation: absent if it is hashed. */
export const ipForLookup = ({ request: { ip = '' } }: Activity): string | undefined =>
  isIP(ip) ? ip : undefined;

/** The values of an activity that identify a person, alone or together with other data. */
export const piiValues = ({ user, request, visitor, properties }: Activity): string[] =>
  // The part of an Auth0 id before the last `|` names the connection: `auth0`, `google-oauth2`.
  [
    user.id.slice(user.id.lastIndexOf('|') + 1),
    user.auth0Id.slice(user.auth0Id.lastIndexOf('|') + 1),
    user.name,
    user.givenName,
    user.familyName,
    user.username,
    user.email,
    user.phone,
    user.picture,
    request.ip,
    request.userAgent,
    visitor.anonymousId,
    visitor.sessionId,
    // Nobody but the operator knows what these are.
    ...[properties, user.properties].flatMap((chosen) => Object.values(chosen).flat()),
  ].filter((value) => typeof value === 'string');

/** One SignUp per user and tenant, whenever and wherever it is sent. */
export const signUpId = (tenant: string, userId: string): string => nameBased(tenant, userId, 'SignUp');

/** One Login per transaction; without one (Auth0 gives it to browser flows only) nothing identifies it. */
export const loginId = (tenant: string, transactionId: string | undefined): string =>
  transactionId === undefined ? v4() : nameBased(tenant, transactionId, 'Login');

const nameBased = (...parts: readonly string[]): string => v5(JSON.stringify(parts), ID_NAMESPACE);

/** Custom databases and identity providers put anything anywhere; what is not a string is absent. */
const string = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const boolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

const number = (value: unknown): number | undefined => (Number.isFinite(value) ? Number(value) : undefined);

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? Number(value) : undefined;

const date = (value: unknown): Date | undefined => {
  const parsed = value instanceof Date || typeof value === 'string' ? new Date(value) : undefined;
  return parsed && !Number.isNaN(parsed.getTime()) ? parsed : undefined;
};
