import { type Activity, commonProperties, dedupeTime, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { RejectedError, rejectAt } from '../lib/errors.ts';
import { matching } from '../lib/formats.ts';
import { getField, getItems, getString } from '../lib/json.ts';
import { eventNames, optional, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';

const token = matching(/^[!-9;-~]+(:[!-~]+)?$/, 'must be a token, or name:secret of a service account', {
  sensitive: true,
});
const projectId = matching(/^\d+$/, 'must be a number');
const names = eventNames('MIXPANEL', 'Signed Up', 'Logged In');
const region = regional(
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
  ...region.secrets,
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

const isServiceAccount = ({ MIXPANEL_TOKEN }: Secrets): boolean => MIXPANEL_TOKEN.includes(':');

/** The event. Mixpanel shows an `$insert_id` once, of the same name, user and time. */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const { country, city, ...properties } = commonProperties(activity);
  const ip = ipForLookup(activity);
  return {
    event: names.getEventName(activity, secrets),
    properties: {
      time: dedupeTime(activity).getTime(),
      distinct_id: activity.user.id,
      $user_id: activity.user.id,
      $insert_id: activity.id,
      // Looked up, then forgotten. Without one, Mixpanel would look up the address that Auth0 calls from.
      ...(ip ? { ip } : { ip: 0, hashedIp: activity.request.ip }),
      mp_country_code: country,
      $city: city,
      name: activity.user.name,
      ...properties,
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
  check: (secrets) =>
    isServiceAccount(secrets) === (secrets.MIXPANEL_PROJECT_ID !== undefined)
      ? undefined
      : { MIXPANEL_PROJECT_ID: 'is for a service account: MIXPANEL_TOKEN must be name:secret' },
  batchLimit: 2000,
  toPayload,
  async send(activities, secrets, http) {
    const project = secrets.MIXPANEL_PROJECT_ID;
    const credentials = isServiceAccount(secrets) ? secrets.MIXPANEL_TOKEN : `${secrets.MIXPANEL_TOKEN}:`;
    try {
      await http({
        url: `${region.getHost(secrets)}/import?strict=1${project ? `&project_id=${project}` : ''}`,
        headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
        body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets))),
        isAccepted: ({ body }) => getField(body, 'code') === 200 || getField(body, 'status') === 'OK',
      });
    } catch (error) {
      // Mixpanel names the events that it rejects, and accepts the others.
      if (!(error instanceof RejectedError) || error.status !== 400) throw error;
      const failed = getItems(getField(error.body, 'failed_records'));
      const indexes = failed.map((record) => Number(getField(record, 'index')));
      const vendorMessage = getString(getField(failed[0], 'message')) ?? error.vendorMessage;
      throw rejectAt(activities, indexes, { message: error.message, status: 400, vendorMessage }) ?? error;
    }
  },
});

export const onExecutePostLogin = createAction(mixpanel);
