/** The parts of a document, and what a bulk response says of each. https://www.elastic.co/docs/reference/ecs/ecs-field-reference */
import { type Activity, ipForLookup } from '../../lib/activity.ts';
import { type DeliveryError, RejectedError, rejectAt, UnavailableError } from '../../lib/errors.ts';
import { getField, getItems, getString } from '../../lib/json.ts';

/** https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference */
export const toEvent = ({ id, type, time }: Activity) => ({
  id,
  kind: 'event',
  ...(type === 'SignUp'
    ? { category: ['iam'], type: ['user', 'creation'] }
    : { category: ['authentication'], type: ['start'] }),
  outcome: 'success',
  dataset: 'auth0.activity',
  created: time,
});

/** `ip` is indexed as an address, so a hashed one is in `address` alone. */
export const toClient = (activity: Activity) => {
  const { request } = activity;
  const { latitude: lat, longitude: lon } = request;
  return {
    address: request.ip,
    ip: ipForLookup(activity),
    as: { number: toAsNumber(request.asn) },
    geo: {
      continent_code: request.continent,
      country_iso_code: request.country,
      country_name: request.countryName,
      region_iso_code: request.country && request.regionCode && `${request.country}-${request.regionCode}`,
      region_name: request.region,
      city_name: request.city,
      location: lat === undefined || lon === undefined ? undefined : { lat, lon },
      timezone: request.timeZone,
    },
  };
};

/** `AS13335` or `13335`. */
const toAsNumber = (asn = ''): number | undefined => {
  const [, number] = /^(?:AS)?(\d{1,10})$/i.exec(asn) ?? [];
  return number === undefined ? undefined : Number(number);
};

/** What the Elastic Common Schema has no field for. */
export const toAuth0 = (activity: Activity) => {
  const { user, application, connection, organization, authentication, request, session, visitor } = activity;
  return {
    activity: activity.type,
    tenant: activity.tenant,
    protocol: activity.protocol,
    application: { id: application.id },
    connection,
    organization: { display_name: organization.displayName },
    authentication,
    user: {
      auth0_id: user.auth0Id === user.id ? undefined : user.auth0Id,
      given_name: user.givenName,
      family_name: user.familyName,
      email_verified: user.emailVerified,
      phone: user.phone,
      picture: user.picture,
      created_at: user.createdAt,
      logins_count: user.loginsCount,
      last_login: user.lastLogin,
    },
    session: { id: session.id },
    language: request.language,
    visitor: { anonymous_id: visitor.anonymousId, referrer: visitor.referrer },
    campaign: visitor.campaign,
  };
};

/** The error with the reason that Elasticsearch gives for it. */
export const withReason = (error: DeliveryError): DeliveryError => {
  const reason = getString(getField(getField(error.body, 'error'), 'reason'));
  if (!(error instanceof RejectedError) || error.vendorMessage || reason === undefined) return error;
  const { message, status, body, hint } = error;
  return new RejectedError(message, { status, vendorMessage: reason, body, hint });
};

const isTemporary = (status: unknown): boolean => status === 429 || Number(status) >= 500;

/** Created, or there already: 409 is the response to a repeated `_id`. */
const isStored = (status: unknown): boolean => status === 201 || status === 409;

/**
 * Why some activities of a bulk request were not stored. Those that were can be sent again, so a failure that passes
 * comes first. Only a 400 is about the document itself: missing privileges or a missing index concern all of them.
 */
export const getFailure = (body: unknown, activities: readonly Activity[]): DeliveryError | undefined => {
  const failed = getItems(getField(body, 'items')).flatMap((item, index) => {
    const result = getField(item, 'create');
    const status = getField(result, 'status');
    return isStored(status) ? [] : { index, status, reason: getReason(result) };
  });
  const first =
    failed.find(({ status }) => isTemporary(status)) ?? failed.find(({ status }) => status !== 400);
  if (first) {
    const details = { status: Number(first.status), vendorMessage: first.reason };
    const ErrorClass = isTemporary(first.status) ? UnavailableError : RejectedError;
    return new ErrorClass('documents were not stored', details);
  }
  return rejectAt(
    activities,
    failed.map(({ index }) => index),
    { message: 'a document was rejected', status: 400, vendorMessage: failed[0]?.reason },
  );
};

const getReason = (result: unknown): string | undefined =>
  getString(getField(getField(result, 'error'), 'reason'));
