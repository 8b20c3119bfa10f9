import { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { rejectAt } from '../lib/errors.ts';
import { baseUrl, booleanString, credential, string } from '../lib/formats.ts';
import { groupBy } from '../lib/group-by.ts';
import { getField, getItems, getString } from '../lib/json.ts';
import { optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';

const secrets = {
  KEENIO_PROJECT_ID: required(credential, 'ID of the project'),
  KEENIO_WRITE_KEY: required(credential, 'Write key of the project'),
  KEENIO_SIGNUP_COLLECTION: optional(string, 'Collection for SignUps', 'signups'),
  KEENIO_LOGIN_COLLECTION: optional(string, 'Collection for Logins; without it they are not recorded'),
  KEENIO_ADDONS: optional(
    booleanString,
    '`true` has Keen look up the geolocation of the IP address and parse the user agent',
    'false',
  ),
  KEENIO_URL: optional(baseUrl, 'URL of the API', 'https://api.keen.io'),
};

type Secrets = SecretValues<typeof secrets>;

/** The event. Keen accepts a `uniqueness_token` once in a collection, for 31 days. */
const toPayload = (activity: Activity, secrets: Secrets) => ({
  ...activity.user.properties,
  ...commonProperties(activity),
  userId: activity.user.id,
  name: activity.user.name,
  ip: activity.request.ip,
  id: activity.id,
  keen: {
    timestamp: activity.time,
    uniqueness_token: activity.id,
    ...(secrets.KEENIO_ADDONS && { addons: toAddons(activity) }),
  },
});

const toAddons = (activity: Activity) => [
  ...(ipForLookup(activity) ? [{ name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'ipGeo' }] : []),
  ...(activity.request.userAgent
    ? [{ name: 'keen:ua_parser', input: { ua_string: 'userAgent' }, output: 'userAgentInfo' }]
    : []),
];

const getCollection = ({ type }: Activity, secrets: Secrets): string | undefined =>
  type === 'SignUp' ? secrets.KEENIO_SIGNUP_COLLECTION : secrets.KEENIO_LOGIN_COLLECTION;

const isResult = (value: unknown): boolean => typeof getField(value, 'success') === 'boolean';

export const keen = defineSink({
  name: 'keen',
  title: 'Keen, event collections',
  docs: [
    'https://keen.io/docs/api/#record-multiple-events',
    'https://keen.io/docs/streams/data-enrichment-overview/',
  ],
  secrets,
  toPayload,
  getSkipReason: (activity, secrets) =>
    getCollection(activity, secrets) === undefined ? 'KEENIO_LOGIN_COLLECTION is not set' : undefined,
  async send(activities, secrets, http) {
    const collections = groupBy(activities, (activity) => getCollection(activity, secrets) ?? '');
    const payloads = Array.from(collections, ([name, group]) => [
      name,
      group.map((activity) => toPayload(activity, secrets)),
    ]);
    const { body } = await http({
      url: `${secrets.KEENIO_URL}/3.0/projects/${encodeURIComponent(secrets.KEENIO_PROJECT_ID)}/events`,
      headers: { Authorization: secrets.KEENIO_WRITE_KEY },
      body: JSON.stringify(Object.fromEntries(payloads)),
      isAccepted: ({ body }) =>
        Array.from(collections).every(([name, { length }]) => {
          const results = getItems(getField(body, name));
          return results.length === length && results.every(isResult);
        }),
    });
    // Each event has a result of its own, under its collection.
    const results = [...collections.keys()].flatMap((name) => getItems(getField(body, name)));
    const failed = results.flatMap((result, index) => (getField(result, 'success') === true ? [] : index));
    const vendorMessage = getString(getField(getField(results[failed[0] ?? -1], 'error'), 'description'));
    const message = 'an event was rejected';
    const rejection = rejectAt([...collections.values()].flat(), failed, { message, vendorMessage });
    if (rejection) throw rejection;
  },
});

export const onExecutePostLogin = createAction(keen);
