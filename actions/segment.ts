import { Analytics } from '@segment/analytics-node';
import { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { RejectedError } from '../lib/errors.ts';
import { eventNames, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { isAccepted, region, secrets as segmentSecrets, toCall } from './shared/segment.ts';

const names = eventNames('SEGMENT', 'Signed Up', 'Logged In');

const secrets = { ...segmentSecrets, ...names.secrets };

type Secrets = SecretValues<typeof secrets>;

/** The two calls. Segment deduplicates across all calls, so each has an id of its own. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { user } = activity;
  const { application, clientId, email, userAgent, ...properties } = commonProperties(activity);
  const call = toCall(activity, secrets);
  return {
    identify: {
      ...call,
      messageId: `${activity.id}-identify`,
      traits: {
        email,
        name: user.name,
        createdAt: user.createdAt,
        signed_up: user.createdAt,
        login_count: user.loginsCount,
        last_login: user.lastLogin,
      },
    },
    track: {
      ...call,
      event: names.getEventName(activity, secrets),
      properties: {
        clientName: application,
        clientID: clientId,
        // A hash has no place in `context.ip`.
        ...(!ipForLookup(activity) && { ip: activity.request.ip }),
        ...properties,
      },
    },
  };
};

export const segment = defineSink({
  name: 'segment',
  title: 'Segment, Node SDK',
  docs: [
    'https://segment.com/docs/connections/sources/catalog/libraries/server/node/',
    'https://segment.com/docs/connections/spec/identify/',
  ],
  secrets,
  toPayload,
  async send(activities, secrets, http) {
    // The SDK does not report failures, so the outcome is that of its requests.
    const requests: Promise<{ status: number; statusText: string }>[] = [];
    const host = region.getHost(secrets);
    const analytics = new Analytics({
      writeKey: secrets.SEGMENT_WRITE_KEY,
      host,
      maxRetries: 0,
      flushAt: 2 * activities.length,
      httpClient: {
        makeRequest: (request) => {
          const response = http({ ...request, url: `${host}/v1/batch`, isAccepted }).then(({ status }) => ({
            status,
            statusText: '',
          }));
          requests.push(response);
          return response;
        },
      },
    });
    for (const activity of activities) {
      const { identify, track } = toPayload(activity, secrets);
      analytics.identify(identify);
      analytics.track(track);
    }
    await analytics.closeAndFlush();
    if (requests.length === 0) throw new RejectedError('the SDK did not send the event');
    await Promise.all(requests);
  },
});

export const onExecutePostLogin = createAction(segment);
