import { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { LIBRARY } from '../lib/library.ts';
import { eventNames, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { toRejection, toSessionId } from './shared/amplitude.ts';

const names = eventNames('AMPLITUDE', 'Signed Up', 'Logged In');
const region = regional(
  'AMPLITUDE',
  { us: 'https://api2.amplitude.com', eu: 'https://api.eu.amplitude.com' },
  { region: "`us` or `eu`: where the project's data resides", host: 'URL of a proxy, instead of the region' },
);

const secrets = {
  AMPLITUDE_API_KEY: required(credential, 'API key of the project'),
  ...region.secrets,
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

/** Amplitude rejects ids of fewer than 5 characters by default. */
const OPTIONS = { min_id_length: 1 };

/** The event. Amplitude accepts an `insert_id` of a user once, for 7 days. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { user, application, connection } = activity;
  const { email, userAgent, ...properties } = commonProperties(activity);
  const { visitor, group, request } = activity;
  return {
    user_id: user.id,
    event_type: names.getEventName(activity, secrets),
    time: activity.time.getTime(),
    insert_id: activity.id,
    device_id: visitor.anonymousId,
    session_id: toSessionId(visitor.sessionId),
    ip: ipForLookup(activity),
    user_agent: userAgent,
    language: request.language,
    // Amplitude resets those of the four that are missing.
    country: request.countryName,
    region: request.region,
    city: request.city,
    dma: undefined,
    library: `${LIBRARY.name}/${LIBRARY.version}`,
    ...(group && { groups: { organization: group.id } }),
    user_properties: {
      $set: { ...user.properties, name: user.name, email },
      $setOnce: {
        createdAt: user.createdAt,
        ...(activity.type === 'SignUp' && {
          signUpApplication: application.name,
          signUpConnection: connection.name,
        }),
      },
    },
    event_properties: { ...properties, ip: request.ip },
  };
};

export const amplitude = defineSink({
  name: 'amplitude',
  title: 'Amplitude, HTTP V2 API',
  docs: [
    'https://amplitude.com/docs/apis/analytics/http-v2',
    'https://amplitude.com/docs/apis/analytics/http-api-batching-retries',
    'https://amplitude.com/docs/apis/analytics/identify',
  ],
  secrets,
  batchLimit: 1000,
  toPayload,
  async send(activities, secrets, http) {
    const events = activities.map((activity) => toPayload(activity, secrets));
    await http({
      url: `${region.getHost(secrets)}/2/httpapi`,
      headers: {},
      body: JSON.stringify({ api_key: secrets.AMPLITUDE_API_KEY, events, options: OPTIONS }),
      isAccepted: ({ body }) => getField(body, 'code') === 200,
    }).catch((error) => {
      throw toRejection(error, activities);
    });
  },
});

export const onExecutePostLogin = createAction(amplitude);
