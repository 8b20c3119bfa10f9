/**
 * Amplitude, through its HTTP V2 API.
 *
 * https://amplitude.com/docs/apis/analytics/http-v2
 * https://amplitude.com/docs/apis/analytics/http-api-batching-retries
 * https://amplitude.com/docs/apis/analytics/identify
 */
import { isIP } from 'node:net';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { DeliveryError, RejectedError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const secrets = v.object({
  AMPLITUDE_API_KEY: v.pipe(credential, v.description('API key of the project')),
  AMPLITUDE_REGION: v.optional(
    v.pipe(
      v.picklist(['us', 'eu'], 'must be us or eu'),
      v.description("`us` or `eu`: where the project's data resides"),
    ),
    'us',
  ),
  AMPLITUDE_HOST: v.optional(v.pipe(serverUrl, v.description('Address of a proxy, instead of the region'))),
  AMPLITUDE_SIGNUP_EVENT: v.optional(
    v.pipe(text, v.description('Name of the event for a SignUp')),
    'Signed Up',
  ),
  AMPLITUDE_LOGIN_EVENT: v.optional(
    v.pipe(text, v.description('Name of the event for a Login')),
    'Logged In',
  ),
});

type Secrets = v.InferOutput<typeof secrets>;

const REGIONS = { us: 'https://api2.amplitude.com', eu: 'https://api.eu.amplitude.com' };

/** Amplitude refuses ids of fewer than 5 characters, unless it is told otherwise. */
const OPTIONS = { min_id_length: 1 };

/** The event. Amplitude takes one `insert_id` of a user only once, for 7 days. */
export const toPayload = (activity: Activity, secrets: Secrets) => {
  const { user, application, connection, request } = activity;
  const isSignUp = activity.type === 'SignUp';
  return {
    user_id: user.id,
    event_type: isSignUp ? secrets.AMPLITUDE_SIGNUP_EVENT : secrets.AMPLITUDE_LOGIN_EVENT,
    time: activity.time.getTime(),
    insert_id: activity.id,
    // Looked up, which a hash cannot be.
    ip: isIP(request.ip ?? '') ? request.ip : undefined,
    user_properties: {
      $set: { name: user.name, email: user.email },
      $setOnce: {
        createdAt: user.createdAt,
        ...(isSignUp && { signUpApplication: application.name, signUpConnection: connection.name }),
      },
    },
    event_properties: {
      application: application.name,
      clientId: application.id,
      ip: request.ip,
      userAgent: request.userAgent,
      ...detailsOf(activity),
    },
  };
};

const Indexes = v.optional(v.array(v.number()), []);
const IndexesByField = v.optional(v.record(text, v.array(v.number())), {});

const Refusal = v.object({
  events_with_invalid_fields: IndexesByField,
  events_with_missing_fields: IndexesByField,
  events_with_invalid_id_lengths: IndexesByField,
  silenced_events: Indexes,
  throttled_events: Indexes,
});

/** What Amplitude names in its answer: as malformed, or as one of a user who is throttled. */
const refusedOf = (activities: readonly Activity[], body: unknown): readonly Activity[] => {
  const { success, output } = v.safeParse(Refusal, body);
  const indexes = success ? Object.values(output).flatMap((named) => Object.values(named).flat()) : [];
  return activities.filter((_, index) => indexes.includes(index));
};

export const amplitude: Sink<typeof secrets> = {
  name: 'amplitude',
  secrets,
  async send(activities, secrets, http) {
    const post = (some: readonly Activity[]) =>
      http({
        url: `${secrets.AMPLITUDE_HOST ?? REGIONS[secrets.AMPLITUDE_REGION]}/2/httpapi`,
        headers: {},
        body: JSON.stringify({
          api_key: secrets.AMPLITUDE_API_KEY,
          events: some.map((activity) => toPayload(activity, secrets)),
          options: OPTIONS,
        }),
      });
    try {
      await post(activities);
    } catch (error) {
      if (!(error instanceof DeliveryError) || (error.status !== 400 && error.status !== 429)) throw error;
      const refused = refusedOf(activities, error.body);
      if (refused.length === 0) throw error;
      // Amplitude takes all of a request or nothing, and asks for the others again.
      const others = activities.filter((activity) => !refused.includes(activity));
      if (others.length > 0) await post(others);
      // A user who is throttled is no outage: everybody else's events are taken.
      const { message, status, vendorText } = error;
      throw new RejectedError(message, { status, vendorText, refused });
    }
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
  record(amplitude, event, api);
