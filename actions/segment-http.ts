import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { eventNames, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { isAccepted, region, secrets as segmentSecrets, toCall } from './shared/segment.ts';

/** The names that Auth0's Rule for Segment's HTTP API used. */
const names = eventNames('SEGMENT', 'signup', 'login');

const secrets = { ...segmentSecrets, ...names.secrets };

type Secrets = SecretValues<typeof secrets>;

const toPayload = (activity: Activity, secrets: Secrets) => {
  const call = toCall(activity, secrets);
  const { email, userAgent, ...properties } = commonProperties(activity);
  return {
    type: 'track',
    ...call,
    context: { ...call.context, traits: { name: activity.user.name, email } },
    event: names.getEventName(activity, secrets),
    properties: { ip: activity.request.ip, agent: userAgent, ...properties },
  };
};

export const segmentHttp = defineSink({
  name: 'segment-http',
  title: 'Segment, HTTP Tracking API',
  docs: [
    'https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/',
    'https://segment.com/docs/connections/spec/track/',
  ],
  secrets,
  toPayload,
  async send(activities, secrets, http) {
    await http({
      url: `${region.getHost(secrets)}/v1/batch`,
      headers: { Authorization: `Basic ${Buffer.from(`${secrets.SEGMENT_WRITE_KEY}:`).toString('base64')}` },
      body: JSON.stringify({
        batch: activities.map((activity) => toPayload(activity, secrets)),
        sentAt: new Date(),
        writeKey: secrets.SEGMENT_WRITE_KEY,
      }),
      isAccepted,
    });
  },
});

export const onExecutePostLogin = createAction(segmentHttp);
