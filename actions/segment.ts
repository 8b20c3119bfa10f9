/**
 * Segment, through its library for Node: an `identify` and a `track` call for each activity, in one request.
 *
 * https://segment.com/docs/connections/sources/catalog/libraries/server/node/
 * https://segment.com/docs/connections/spec/identify/
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { Analytics } from '@segment/analytics-node';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { RejectedError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';
import { eventOf, hostOf, secrets as httpSecrets, toCall } from './segment-http.ts';

const secrets = v.object({
  ...httpSecrets.entries,
  SEGMENT_SIGNUP_EVENT: v.optional(
    v.pipe(text, v.description('Name of the event for a SignUp')),
    'Signed Up',
  ),
  SEGMENT_LOGIN_EVENT: v.optional(v.pipe(text, v.description('Name of the event for a Login')), 'Logged In'),
});

type Secrets = v.InferOutput<typeof secrets>;

/** The two calls. Segment deduplicates over all calls, so each has an id of its own. */
export const toPayload = (activity: Activity, secrets: Secrets) => {
  const call = toCall(activity, secrets);
  return {
    identify: {
      ...call,
      messageId: `${activity.id}-identify`,
      traits: {
        email: activity.user.email,
        name: activity.user.name,
        createdAt: activity.user.createdAt,
        signed_up: activity.user.createdAt,
        login_count: activity.user.loginsCount,
        last_login: activity.user.lastLogin,
      },
    },
    track: {
      ...call,
      event: eventOf(activity, secrets),
      properties: {
        clientName: activity.application.name,
        clientID: activity.application.id,
        ...detailsOf(activity),
      },
    },
  };
};

export const segment: Sink<typeof secrets> = {
  name: 'segment',
  secrets,
  async send(activities, secrets, http) {
    // The library keeps a failure to itself, so the outcome is that of its requests.
    const requests: Promise<{ status: number; statusText: string }>[] = [];
    const analytics = new Analytics({
      writeKey: secrets.SEGMENT_WRITE_KEY,
      host: hostOf(secrets),
      maxRetries: 0,
      flushAt: 2 * activities.length,
      httpClient: {
        makeRequest: (request) => {
          const response = http({ ...request, url: `${hostOf(secrets)}/v1/batch` }).then(({ status }) => ({
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
    if (requests.length === 0) throw new RejectedError('the library did not send the event');
    await Promise.all(requests);
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
  record(segment, event, api);
