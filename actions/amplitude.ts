import { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { LIBRARY } from '../lib/library.ts';
import { eventNames, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { toIdentify, toRejection, toSessionId } from './shared/amplitude.ts';
import { toInitial } from './shared/campaign.ts';

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

/**
 * The event, and what joins the anonymous visitor to the user. Amplitude accepts an `insert_id` of a device once, for 7
 * days: a repeated SignUp can come from another device, so the event itself names none.
 */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { email, userAgent, ...properties } = commonProperties(activity);
  const { user, application, connection, request, group, visitor } = activity;
  return {
    ...toIdentify(activity),
    event: {
      user_id: user.id,
      event_type: names.getEventName(activity, secrets),
      time: activity.time.getTime(),
      insert_id: activity.id,
      session_id: toSessionId(visitor.sessionId),
      ip: ipForLookup(activity),
      // Amplitude takes the location from here as a whole, otherwise that of the IP address.
      country: request.countryName,
      region: request.region,
      city: request.city,
      user_agent: userAgent,
      language: request.language,
      library: `${LIBRARY.name}/${LIBRARY.version}`,
      groups: group && { organization: group.id },
      user_properties: {
        $set: { ...user.properties, name: user.name, email },
        $setOnce: {
          createdAt: user.createdAt,
          ...(activity.type === 'SignUp' && {
            signUpApplication: application.name,
            signUpConnection: connection.name,
            ...toInitial(visitor, 'initial_'),
          }),
        },
      },
      event_properties: { ...properties, ip: request.ip },
    },
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
  batchLimit: 500,
  toPayload,
  async send(activities, secrets, http) {
    const entries = activities.flatMap((activity) =>
      Object.values(toPayload(activity, secrets)).map((event) => ({ activity, event })),
    );
    const events = entries.map(({ event }) => event);
    await http({
      url: `${region.getHost(secrets)}/2/httpapi`,
      headers: {},
      body: JSON.stringify({ api_key: secrets.AMPLITUDE_API_KEY, events, options: OPTIONS }),
      isAccepted: ({ body }) => getField(body, 'code') === 200,
    }).catch((error) => {
      throw toRejection(
        error,
        entries.map(({ activity }) => activity),
      );
    });
  },
});

export const onExecutePostLogin = createAction(amplitude);
