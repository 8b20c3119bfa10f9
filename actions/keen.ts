/**
 * Keen, through its event collections.
 *
 * https://keen.io/docs/api/#record-a-single-event
 * https://keen.io/docs/api/#record-multiple-events
 * https://keen.io/docs/streams/data-enrichment-overview/
 */
import { isIP } from 'node:net';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { RejectedError, UnavailableError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { credential, flag, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const secrets = v.object({
  KEENIO_PROJECT_ID: v.pipe(credential, v.description('ID of the project')),
  KEENIO_WRITE_KEY: v.pipe(credential, v.description('Write key of the project')),
  KEENIO_SIGNUP_COLLECTION: v.optional(v.pipe(text, v.description('Collection for SignUps')), 'signups'),
  KEENIO_LOGIN_COLLECTION: v.optional(
    v.pipe(text, v.description('Collection for Logins; without it they are not recorded')),
  ),
  KEENIO_ADDONS: v.optional(
    v.pipe(
      flag,
      v.description('`true` has Keen look up the place of the IP address and parse the user agent'),
    ),
    'false',
  ),
  KEENIO_URL: v.optional(v.pipe(serverUrl, v.description('Address of the API')), 'https://api.keen.io'),
});

type Secrets = v.InferOutput<typeof secrets>;

/** The event. Keen takes one `uniqueness_token` only once in a collection, for 31 days. */
export const toPayload = (activity: Activity, secrets: Secrets) => ({
  userId: activity.user.id,
  name: activity.user.name,
  ip: activity.request.ip,
  id: activity.id,
  application: activity.application.name,
  clientId: activity.application.id,
  email: activity.user.email,
  userAgent: activity.request.userAgent,
  ...detailsOf(activity),
  keen: {
    timestamp: activity.time,
    uniqueness_token: activity.id,
    ...(secrets.KEENIO_ADDONS && { addons: toAddons(activity) }),
  },
});

const toAddons = ({ request }: Activity) => [
  ...(request.ip && isIP(request.ip)
    ? [{ name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'ipGeo' }]
    : []),
  ...(request.userAgent
    ? [{ name: 'keen:ua_parser', input: { ua_string: 'userAgent' }, output: 'userAgentInfo' }]
    : []),
];

const collectionOf = ({ type }: Activity, secrets: Secrets): string | undefined =>
  type === 'SignUp' ? secrets.KEENIO_SIGNUP_COLLECTION : secrets.KEENIO_LOGIN_COLLECTION;

/** Collection → its activities. */
const byCollection = (activities: readonly Activity[], secrets: Secrets): Record<string, Activity[]> => {
  const groups: Record<string, Activity[]> = {};
  for (const activity of activities) {
    const collection = String(collectionOf(activity, secrets));
    groups[collection] = [...(groups[collection] ?? []), activity];
  }
  return groups;
};

const Results = v.record(
  text,
  v.array(v.object({ success: v.boolean(), error: v.optional(v.object({ description: text })) })),
);

/** Keen answers a batch with 200, and each event in it with a result. */
const checkResults = (body: unknown, groups: Record<string, Activity[]>): void => {
  const { success, output } = v.safeParse(Results, body);
  const events = Object.entries(groups).flatMap(([collection, activities]) =>
    activities.map((activity, index) => ({
      activity,
      result: success ? output[collection]?.[index] : undefined,
    })),
  );
  if (events.some(({ result }) => !result)) throw new UnavailableError('the answer cannot be read');
  const refused = events.filter(({ result }) => !result?.success);
  if (refused.length === 0) return;
  throw new RejectedError('an event was refused', {
    vendorText: refused[0]?.result?.error?.description ?? '',
    refused: refused.map(({ activity }) => activity),
  });
};

export const keen: Sink<typeof secrets> = {
  name: 'keen',
  secrets,
  records: (activity, secrets) => collectionOf(activity, secrets) !== undefined,
  async send(activities, secrets, http) {
    const url = `${secrets.KEENIO_URL}/3.0/projects/${encodeURIComponent(secrets.KEENIO_PROJECT_ID)}/events`;
    const headers = { Authorization: secrets.KEENIO_WRITE_KEY };
    const [first, second] = activities;
    if (first && !second) {
      const collection = encodeURIComponent(String(collectionOf(first, secrets)));
      await http({ url: `${url}/${collection}`, headers, body: JSON.stringify(toPayload(first, secrets)) });
      return;
    }
    const groups = byCollection(activities, secrets);
    const payloads = Object.entries(groups).map(([collection, activities]) => [
      collection,
      activities.map((activity) => toPayload(activity, secrets)),
    ]);
    const { body } = await http({ url, headers, body: JSON.stringify(Object.fromEntries(payloads)) });
    checkResults(body, groups);
  },
};

/**
 * Handler that Auth0 calls for every login.
 *
 * @param {Event} event - The user and the circumstances of the login.
 * @param {PostLoginAPI} api - What an Action may change about it.
 * @preserve
 */
export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> =>
  record(keen, event, api);
