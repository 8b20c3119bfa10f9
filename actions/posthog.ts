import { type Activity, commonProperties, dedupeTime, ipForLookup, NO_IP } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { LIBRARY } from '../lib/library.ts';
import { eventNames, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { toBatch, toInitial } from './shared/posthog.ts';

const names = eventNames('POSTHOG', 'user signed up', 'user logged in');
const region = regional(
  'POSTHOG',
  { us: 'https://us.i.posthog.com', eu: 'https://eu.i.posthog.com' },
  {
    region: "`us` or `eu`: the project's region; PostHog silently drops what is sent to the wrong one",
    host: 'URL of a self-hosted PostHog, or of a reverse proxy',
  },
);

const secrets = {
  POSTHOG_API_KEY: required(credential, 'API key of the project, `phc_…`; not a personal one'),
  ...region.secrets,
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

const ACCEPTED_STATUSES: readonly unknown[] = [1, 'Ok', 'ok'];

/**
 * The event, which sets the properties of its person as well. Of events with the same uuid, name, distinct_id and
 * timestamp, PostHog eventually keeps one. https://posthog.com/docs/how-posthog-works/ingestion-pipeline
 */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { email, userAgent, ...properties } = commonProperties(activity);
  const { user, group, application, connection } = activity;
  return {
    uuid: activity.id,
    event: names.getEventName(activity, secrets),
    distinct_id: activity.user.id,
    timestamp: dedupeTime(activity),
    properties: {
      ...properties,
      $lib: LIBRARY.name,
      $lib_version: LIBRARY.version,
      // Otherwise the operating system of the sender would count as the user's.
      $is_server: true,
      $session_id: activity.visitor.sessionId,
      ...(group && { $groups: { organization: group.id } }),
      // Without an address, PostHog would store and look up the one that Auth0 calls from.
      // https://posthog.com/docs/cdp/geoip-enrichment
      $ip: activity.request.ip ?? NO_IP,
      $geoip_disable: ipForLookup(activity) === undefined,
      $raw_user_agent: userAgent,
      $set: { ...user.properties, email, name: user.name, loginsCount: user.loginsCount },
      $set_once: {
        createdAt: user.createdAt,
        signUpApplication: application.name,
        signUpConnection: connection.name,
        ...toInitial(activity),
      },
    },
  };
};

export const posthog = defineSink({
  name: 'posthog',
  title: 'PostHog, capture API',
  docs: [
    'https://posthog.com/docs/api/capture',
    'https://posthog.com/docs/product-analytics/person-properties',
  ],
  secrets,
  toPayload,
  async send(activities, secrets, http) {
    await http({
      url: `${region.getHost(secrets)}/batch/`,
      headers: {},
      // Without `sent_at`, by which PostHog would shift the timestamps: a repeated event would have another one.
      body: JSON.stringify({
        api_key: secrets.POSTHOG_API_KEY,
        batch: activities.flatMap((activity) => toBatch(activity, toPayload(activity, secrets))),
      }),
      isAccepted: ({ body }) => ACCEPTED_STATUSES.includes(getField(body, 'status')),
    });
  },
});

export const onExecutePostLogin = createAction(posthog);
