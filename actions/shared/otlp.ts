/** OTLP's JSON. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import type { Activity } from '../../lib/activity.ts';
import { getField, getString, isEmptyObject } from '../../lib/json.ts';

/** A 64-bit number is a string in Protobuf's JSON. https://protobuf.dev/programming-guides/json/ */
export const toNanoseconds = (time: Date): string => `${time.getTime()}000000`;

/** Backends drop older records: New Relic after 48 hours, Loki after 7 days. Without a time, that of arrival counts. */
const TIMESTAMP_LIMIT_MS = 47 * 60 * 60 * 1000;

export const isTooOld = (time: Date, now: Date): boolean =>
  now.getTime() - time.getTime() > TIMESTAMP_LIMIT_MS;

type Value = string | number | boolean | Date | readonly string[] | undefined;

/** The attributes that have a value. */
export const toAttributes = (values: Readonly<Record<string, Value>>) =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : { key, value: toAnyValue(value) },
  );

const toAnyValue = (value: Exclude<Value, undefined>): object => {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (typeof value === 'string') return { stringValue: value };
  return value instanceof Date
    ? { stringValue: value.toISOString() }
    : { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
};

/** By the semantic conventions, and ours where they have none. https://opentelemetry.io/docs/specs/semconv/registry/attributes/ */
export const toActivityAttributes = (activity: Activity): Record<string, Value> => {
  const { user, application, connection, organization, authentication, request, session, visitor } = activity;
  return {
    'user.id': user.id,
    'auth0.user.id': user.auth0Id === user.id ? undefined : user.auth0Id,
    'user.name': user.username,
    'user.full_name': user.name,
    'user.email': user.email,
    'client.address': request.ip,
    'user_agent.original': request.userAgent,
    'session.id': session.id,
    'server.address': request.hostname,
    'geo.continent.code': request.continent,
    'geo.country.iso_code': request.country,
    'geo.region.iso_code':
      request.country && request.regionCode && `${request.country}-${request.regionCode}`,
    'geo.locality.name': request.city,
    'geo.location.lat': request.latitude,
    'geo.location.lon': request.longitude,
    'geo.timezone': request.timeZone,
    'auth0.request.asn': request.asn,
    'auth0.request.language': request.language,
    'auth0.visitor.anonymous_id': visitor.anonymousId,
    'auth0.visitor.referrer': visitor.referrer,
    ...visitor.campaign,
    'auth0.tenant': activity.tenant,
    'auth0.protocol': activity.protocol,
    'auth0.application.id': application.id,
    'auth0.application.name': application.name,
    'auth0.connection.name': connection.name,
    'auth0.connection.strategy': connection.strategy,
    'auth0.organization.id': organization.id,
    'auth0.organization.name': organization.name,
    'auth0.organization.display_name': organization.displayName,
    'auth0.authentication.methods': authentication.methods,
    'auth0.authentication.mfa': authentication.mfa,
    'auth0.user.created_at': user.createdAt,
    'auth0.user.logins_count': user.loginsCount,
    'auth0.user.last_login': user.lastLogin,
  };
};

/** The only field of a response is `partialSuccess`. Some receivers respond with nothing. */
export const isAcceptance = (body: unknown): boolean =>
  body === undefined ||
  isEmptyObject(body) ||
  (typeof body === 'object' && body !== null && Object.keys(body).join() === 'partialSuccess');

/** What an accepted request says of rejected records. https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
export const getRejection = (body: unknown): string | undefined => {
  const partialSuccess = getField(body, 'partialSuccess');
  const rejected = Number(getField(partialSuccess, 'rejectedLogRecords'));
  if (!(rejected > 0)) return undefined;
  const message = getString(getField(partialSuccess, 'errorMessage'));
  return `${rejected} rejected${message ? `: ${message}` : ''}`;
};
