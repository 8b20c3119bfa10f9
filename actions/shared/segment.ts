/** What `segment`, by the Node SDK, and `segment-http` have in common: all but the way that the calls are sent. */
import { type Activity, commonProperties, ipForLookup, NO_IP } from '../../lib/activity.ts';
import { credential, format } from '../../lib/formats.ts';
import type { HttpResponse } from '../../lib/http.ts';
import { getField } from '../../lib/json.ts';
import { LIBRARY } from '../../lib/library.ts';
import { eventNames, optional, regional, required, type SecretValues } from '../../lib/secrets.ts';

type Integrations = Readonly<Record<string, boolean | Readonly<Record<string, unknown>>>>;

const integrations = format('must be a JSON object', (input): Integrations | undefined => {
  const value: unknown = JSON.parse(input);
  const isSetting = (item: unknown) => typeof item === 'boolean' || isPlainObject(item);
  return isPlainObject(value) && Object.values(value).every(isSetting) ? (value as Integrations) : undefined;
});

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** https://segment.com/docs/guides/regional-segment/ */
export const region = regional(
  'SEGMENT',
  { us: 'https://api.segment.io', eu: 'https://events.eu1.segmentapis.com' },
  {
    region: "`us` or `eu`: the workspace's region; Segment silently drops what is sent to the wrong one",
    host: "URL of a server that speaks Segment's protocol, for example RudderStack",
  },
);

/** The names that Auth0's Rule for Segment's SDK used. */
const names = eventNames('SEGMENT', 'Signed Up', 'Logged In');

export const secrets = {
  SEGMENT_WRITE_KEY: required(credential, 'Write key of the source'),
  ...region.secrets,
  ...names.secrets,
  SEGMENT_INTEGRATIONS: optional(
    integrations,
    'Destinations that Segment may pass the events on to: `{"All":false,"Mixpanel":true}`',
  ),
};

type SegmentSecrets = SecretValues<typeof secrets>;

/** Segment rejects a batch of more than 500 kB. An activity is about 4 kB, in three calls. */
export const BATCH_LIMIT = 100;

/** RudderStack responds with `ok`, and earlier versions of it with `OK`. */
export const isAccepted = ({ body }: HttpResponse): boolean =>
  body === 'ok' || body === 'OK' || getField(body, 'success') === true;

/**
 * The calls of an activity: who the user is, the organization as a group, and the event. Segment accepts a `messageId`
 * once, across all calls, for a day at least.
 * https://segment.com/docs/connections/spec/identify/
 * https://segment.com/docs/connections/spec/group/
 */
export const toPayload = (activity: Activity, secrets: SegmentSecrets) => {
  const { id, user, group, request } = activity;
  const { email, userAgent, ...properties } = commonProperties(activity);
  const call = {
    timestamp: activity.time,
    userId: user.id,
    ...(activity.visitor.anonymousId && { anonymousId: activity.visitor.anonymousId }),
    context: toContext(activity),
    ...(secrets.SEGMENT_INTEGRATIONS && { integrations: secrets.SEGMENT_INTEGRATIONS }),
  };
  const traits = {
    ...user.properties,
    email,
    name: user.name,
    firstName: user.givenName,
    lastName: user.familyName,
    username: user.username,
    phone: user.phone,
    avatar: user.picture,
    company: group,
    createdAt: user.createdAt,
    signed_up: user.createdAt,
    login_count: user.loginsCount,
    last_login: user.lastLogin,
  };
  return {
    identify: { ...call, messageId: `${id}-identify`, traits },
    ...(group && {
      group: { ...call, messageId: `${id}-group`, groupId: group.id, traits: { name: group.name } },
    }),
    track: {
      ...call,
      messageId: id,
      event: names.getEventName(activity, secrets),
      properties: {
        ...properties,
        ip: request.ip,
        agent: userAgent,
        clientName: activity.application.name,
        clientID: activity.application.id,
      },
    },
  };
};

/** https://segment.com/docs/connections/spec/common/#context */
const toContext = (activity: Activity) => {
  const { user, request, visitor, group } = activity;
  const { utm_id, utm_source, utm_medium, utm_campaign, utm_term, utm_content } = visitor.campaign;
  return {
    // Without an address, RudderStack's destinations would look up the one that Auth0 calls from.
    ip: ipForLookup(activity) ?? NO_IP,
    userAgent: request.userAgent,
    locale: request.language,
    timezone: request.timeZone,
    location: {
      country: request.countryName ?? request.country,
      region: request.region,
      city: request.city,
      latitude: request.latitude,
      longitude: request.longitude,
    },
    campaign: {
      id: utm_id,
      source: utm_source,
      medium: utm_medium,
      name: utm_campaign,
      term: utm_term,
      content: utm_content,
    },
    page: { referrer: visitor.referrer },
    groupId: group?.id,
    traits: { name: user.name, email: user.email },
    library: LIBRARY,
  };
};
