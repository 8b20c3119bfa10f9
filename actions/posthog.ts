/**
 * PostHog, through its capture API: an event for each activity, which sets the properties of its person, too.
 *
 * https://posthog.com/docs/api/capture
 * https://posthog.com/docs/product-analytics/person-properties
 */
import { isIP } from 'node:net';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const secrets = v.object({
  POSTHOG_API_KEY: v.pipe(credential, v.description('API key of the project, `phc_…`; not a personal one')),
  POSTHOG_REGION: v.optional(
    v.pipe(
      v.picklist(['us', 'eu'], 'must be us or eu'),
      v.description(
        "`us` or `eu`: the project's region; PostHog drops without a word what goes to the wrong one",
      ),
    ),
    'us',
  ),
  POSTHOG_HOST: v.optional(
    v.pipe(serverUrl, v.description('Address of a PostHog of your own, or of a reverse proxy')),
  ),
  POSTHOG_SIGNUP_EVENT: v.optional(
    v.pipe(text, v.description('Name of the event for a SignUp')),
    'user signed up',
  ),
  POSTHOG_LOGIN_EVENT: v.optional(
    v.pipe(text, v.description('Name of the event for a Login')),
    'user logged in',
  ),
});

type Secrets = v.InferOutput<typeof secrets>;

const REGIONS = { us: 'https://us.i.posthog.com', eu: 'https://eu.i.posthog.com' };

/**
 * The event. Of events with the same uuid, name, distinct_id and timestamp, PostHog keeps one after a while.
 * https://posthog.com/docs/how-posthog-works/ingestion-pipeline
 */
export const toPayload = (activity: Activity, secrets: Secrets) => ({
  uuid: activity.id,
  event: activity.type === 'SignUp' ? secrets.POSTHOG_SIGNUP_EVENT : secrets.POSTHOG_LOGIN_EVENT,
  distinct_id: activity.user.id,
  timestamp: activity.time,
  properties: {
    application: activity.application.name,
    clientId: activity.application.id,
    ...detailsOf(activity),
    $lib: 'auth0-login-analytics',
    // Without an address, PostHog would take and look up the one that Auth0 calls from.
    // https://posthog.com/docs/cdp/geoip-enrichment
    $ip: activity.request.ip ?? null,
    $geoip_disable: isIP(activity.request.ip ?? '') === 0,
    $raw_user_agent: activity.request.userAgent,
    $set: { email: activity.user.email, name: activity.user.name },
    $set_once: { createdAt: activity.user.createdAt },
  },
});

export const posthog: Sink<typeof secrets> = {
  name: 'posthog',
  secrets,
  async send(activities, secrets, http) {
    await http({
      url: `${secrets.POSTHOG_HOST ?? REGIONS[secrets.POSTHOG_REGION]}/batch/`,
      headers: {},
      // Without `sent_at`, by which PostHog would shift the timestamps: a repetition would have other ones.
      body: JSON.stringify({
        api_key: secrets.POSTHOG_API_KEY,
        batch: activities.map((activity) => toPayload(activity, secrets)),
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
  record(posthog, event, api);
