import { type Activity, commonProperties, dedupeTime, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential, oneOf } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { eventNames, optional, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import {
  checkServiceAccount,
  groupKey,
  projectId,
  sendProfiles,
  toAuthorization,
  token,
  toProfile,
  toRejection,
} from './shared/mixpanel.ts';
import { toBrowser } from './shared/user-agent.ts';

const names = eventNames('MIXPANEL', 'Signed Up', 'Logged In');
const server = regional(
  'MIXPANEL',
  { us: 'https://api.mixpanel.com', eu: 'https://api-eu.mixpanel.com', in: 'https://api-in.mixpanel.com' },
  { region: "`us`, `eu` or `in`: the project's region", host: 'URL of a proxy, instead of the region' },
);

const secrets = {
  MIXPANEL_TOKEN: required(token, 'Token of the project, or `name:secret` of a service account'),
  MIXPANEL_PROJECT_ID: optional(projectId, 'ID of the project, required with a service account'),
  ...server.secrets,
  ...names.secrets,
  MIXPANEL_PROFILES: optional(oneOf('signups', 'all', 'off'), 'Events that also set the profile', 'signups'),
  MIXPANEL_PROFILE_TOKEN: optional(credential, 'Token of the project for profiles, with a service account'),
  MIXPANEL_GROUP_KEY: optional(groupKey, 'Group key of the organization', 'organizationId'),
};

type Secrets = SecretValues<typeof secrets>;

/** The event and the profile. Mixpanel shows an `$insert_id` once, of the same name, user and time. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { country, region, city, anonymousId, referrer, ...properties } = commonProperties(activity);
  const ip = ipForLookup(activity);
  return {
    event: {
      event: names.getEventName(activity, secrets),
      properties: {
        ...properties,
        [secrets.MIXPANEL_GROUP_KEY]: activity.group?.id,
        time: dedupeTime(activity).getTime(),
        distinct_id: activity.user.id,
        $user_id: activity.user.id,
        $device_id: anonymousId,
        $insert_id: activity.id,
        name: activity.user.name,
        // Looked up, then forgotten. Without one, Mixpanel would look up the address that Auth0 calls from.
        ...(ip ? { ip } : { ip: 0, hashedIp: activity.request.ip }),
        mp_country_code: country,
        $region: region,
        $city: city,
        $referrer: referrer,
        ...toBrowser(activity.request.userAgent),
      },
    },
    profile: toProfile(activity, secrets),
  };
};

export const mixpanel = defineSink({
  name: 'mixpanel',
  title: 'Mixpanel, Import API',
  docs: [
    'https://docs.mixpanel.com/reference/import-events',
    'https://docs.mixpanel.com/docs/tracking-best-practices/geolocation',
    'https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified',
  ],
  secrets,
  check: checkServiceAccount,
  batchLimit: 2000,
  toPayload,
  async send(activities, secrets, http) {
    const project = secrets.MIXPANEL_PROJECT_ID;
    await http({
      url: `${server.getHost(secrets)}/import?strict=1${project ? `&project_id=${project}` : ''}`,
      headers: { Authorization: toAuthorization(secrets) },
      body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets).event)),
      isAccepted: ({ body }) => getField(body, 'code') === 200 || getField(body, 'status') === 'OK',
    }).catch((error) => {
      throw toRejection(error, activities);
    });
  },
  sendProfiles: (activities, secrets, http) =>
    sendProfiles(
      activities.flatMap((activity) => toProfile(activity, secrets) ?? []),
      server.getHost(secrets),
      http,
    ),
});

export const onExecutePostLogin = createAction(mixpanel);
