/**
 * Segment, through its HTTP API: a `track` call for each activity. For servers that speak the same protocol, too.
 *
 * https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 * https://segment.com/docs/connections/spec/track/
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const NOT_INTEGRATIONS = 'must be a JSON object';

export const secrets = v.object({
  SEGMENT_WRITE_KEY: v.pipe(credential, v.description('Write key of the source')),
  SEGMENT_REGION: v.optional(
    v.pipe(
      v.picklist(['us', 'eu'], 'must be us or eu'),
      v.description(
        "`us` or `eu`: the workspace's region; Segment drops without a word what goes to the wrong one",
      ),
    ),
    'us',
  ),
  SEGMENT_HOST: v.optional(
    v.pipe(
      serverUrl,
      v.description("Address of a server that speaks Segment's protocol, RudderStack for one"),
    ),
  ),
  SEGMENT_SIGNUP_EVENT: v.optional(v.pipe(text, v.description('Name of the event for a SignUp')), 'signup'),
  SEGMENT_LOGIN_EVENT: v.optional(v.pipe(text, v.description('Name of the event for a Login')), 'login'),
  SEGMENT_INTEGRATIONS: v.optional(
    v.pipe(
      text,
      v.parseJson(undefined, NOT_INTEGRATIONS),
      v.check((value) => !Array.isArray(value), NOT_INTEGRATIONS),
      v.record(text, v.union([v.boolean(), v.record(text, v.unknown())], NOT_INTEGRATIONS), NOT_INTEGRATIONS),
      v.description('Where Segment may pass the events on, as `{"All":false,"Mixpanel":true}`'),
    ),
  ),
});

export type Secrets = v.InferOutput<typeof secrets>;

/** https://segment.com/docs/guides/regional-segment/ */
const REGIONS = { us: 'https://api.segment.io', eu: 'https://events.eu1.segmentapis.com' };

export const hostOf = ({ SEGMENT_HOST, SEGMENT_REGION }: Secrets): string =>
  SEGMENT_HOST ?? REGIONS[SEGMENT_REGION];

/** What every call has. Segment takes one `messageId` only once, for a day at least. */
export const toCall = (activity: Activity, secrets: Secrets) => ({
  messageId: activity.id,
  timestamp: activity.time,
  userId: activity.user.id,
  context: {
    ip: activity.request.ip,
    userAgent: activity.request.userAgent,
    groupId: activity.organization.id,
  },
  ...(secrets.SEGMENT_INTEGRATIONS && { integrations: secrets.SEGMENT_INTEGRATIONS }),
});

export const eventOf = ({ type }: Activity, secrets: Secrets): string =>
  type === 'SignUp' ? secrets.SEGMENT_SIGNUP_EVENT : secrets.SEGMENT_LOGIN_EVENT;

export const toPayload = (activity: Activity, secrets: Secrets) => {
  const call = toCall(activity, secrets);
  return {
    type: 'track',
    ...call,
    context: { ...call.context, traits: { name: activity.user.name, email: activity.user.email } },
    event: eventOf(activity, secrets),
    properties: {
      application: activity.application.name,
      ip: activity.request.ip,
      agent: activity.request.userAgent,
      clientId: activity.application.id,
      ...detailsOf(activity),
    },
  };
};

export const segmentHttp: Sink<typeof secrets> = {
  name: 'segment-http',
  secrets,
  async send(activities, secrets, http) {
    await http({
      url: `${hostOf(secrets)}/v1/batch`,
      headers: { Authorization: `Basic ${Buffer.from(`${secrets.SEGMENT_WRITE_KEY}:`).toString('base64')}` },
      body: JSON.stringify({
        batch: activities.map((activity) => toPayload(activity, secrets)),
        sentAt: new Date(),
        writeKey: secrets.SEGMENT_WRITE_KEY,
      }),
    });
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
  record(segmentHttp, event, api);
