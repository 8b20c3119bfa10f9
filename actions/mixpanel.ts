import { type Activity, commonProperties, dedupeTime, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { credential, matching, oneOf, string } from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { eventNames, optional, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { checkServiceAccount, sendProfiles, toAuthorization, toRejection } from './shared/mixpanel.ts';
import { toBrowser } from './shared/user-agent.ts';

const token = matching(/^[!-9;-~]+(:[!-~]+)?$/, 'must be a token, or name:secret of a service account', {
  sensitive: true,
});
const projectId = matching(/^\d+$/, 'must be a number');
const names = eventNames('MIXPANEL', 'Signed Up', 'Logged In');
const server = regional(
  'MIXPANEL',
  { us: 'https://api.mixpanel.com', eu: 'https://api-eu.mixpanel.com', in: 'https://api-in.mixpanel.com' },
  {
    region: "`us`, `eu` or `in`: where the project's data resides",
    host: 'URL of a proxy, instead of the region',
  },
);

const secrets = {
  MIXPANEL_TOKEN: required(token, 'Token of the project, or `name:secret` of a service account'),
  MIXPANEL_PROJECT_ID: optional(projectId, 'ID of the project, required with a service account'),
  ...server.secrets,
  ...names.secrets,
  MIXPANEL_PROFILES: optional(
    oneOf('signups', 'all', 'off'),
    'Which events also set the profile of the user',
    'signups',
  ),
  MIXPANEL_PROFILE_TOKEN: optional(
    credential,
    'Token of the project for profiles, where `MIXPANEL_TOKEN` is a service account',
  ),
  MIXPANEL_GROUP_KEY: optional(
    string,
    'Group key of the project that holds the organization',
    'organizationId',
  ),
};

type Secrets = SecretValues<typeof secrets>;

/** The event. Mixpanel shows an `$insert_id` once, of the same name, user and time. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { country, region, city, anonymousId, ...properties } = commonProperties(activity);
  const ip = ipForLookup(activity);
  return {
    event: names.getEventName(activity, secrets),
    properties: {
      ...properties,
      time: dedupeTime(activity).getTime(),
      distinct_id: activity.user.id,
      $user_id: activity.user.id,
      $device_id: anonymousId,
      $insert_id: activity.id,
      // Looked up, then forgotten. Without one, Mixpanel would look up the address that Auth0 calls from.
      ...(ip ? { ip } : { ip: 0, hashedIp: activity.request.ip }),
      mp_country_code: country,
      $region: region,
      ...toBrowser(activity.request.userAgent),
      $city: city,
      name: activity.user.name,
      ...(activity.group && { [secrets.MIXPANEL_GROUP_KEY]: activity.group.id }),
    },
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
    const host = server.getHost(secrets);
    const project = secrets.MIXPANEL_PROJECT_ID;
    const events = http({
      url: `${host}/import?strict=1${project ? `&project_id=${project}` : ''}`,
      headers: { Authorization: toAuthorization(secrets) },
      body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets))),
      isAccepted: ({ body }) => getField(body, 'code') === 200 || getField(body, 'status') === 'OK',
    }).catch((error) => {
      throw toRejection(error, activities);
    });
    await Promise.all([events, sendProfiles(activities, secrets, host, http)]);
  },
});

export const onExecutePostLogin = createAction(mixpanel);
