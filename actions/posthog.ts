import { type Activity, commonProperties, dedupeTime } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { eventNames, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { toInitial } from './shared/campaign.ts';
import { toGroupIdentify, toIdentify, toOrigin } from './shared/posthog.ts';

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
 * The event, which sets the properties of its person as well, and those that join the visitor and name the group. Of events
 * with the same uuid, name, distinct_id and day, PostHog eventually keeps one.
 * https://posthog.com/docs/how-posthog-works/ingestion-pipeline
 */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { email, userAgent, referrer, ...properties } = commonProperties(activity);
  const { user, application, connection, group, visitor } = activity;
  const event = {
    uuid: activity.id,
    event: names.getEventName(activity, secrets),
    distinct_id: user.id,
    timestamp: dedupeTime(activity),
    properties: toOrigin(activity),
  };
  return {
    ...toIdentify(activity, event),
    ...toGroupIdentify(activity, event),
    event: {
      ...event,
      properties: {
        ...properties,
        ...event.properties,
        $raw_user_agent: userAgent,
        $referrer: referrer,
        $session_id: visitor.sessionId,
        $groups: group && { organization: group.id },
        $set: { ...user.properties, email, name: user.name, loginsCount: user.loginsCount },
        $set_once: {
          createdAt: user.createdAt,
          ...(activity.type === 'SignUp' && {
            signUpApplication: application.name,
            signUpConnection: connection.name,
            ...toInitial(visitor, '$initial_'),
          }),
        },
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
        batch: activities.flatMap((activity) => Object.values(toPayload(activity, secrets))),
      }),
      isAccepted: ({ body }) => ACCEPTED_STATUSES.includes(getField(body, 'status')),
    });
  },
});

export const onExecutePostLogin = createAction(posthog);
