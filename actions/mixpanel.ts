import * as v from 'valibot';
import { type Activity, commonProperties, dedupeTime, ipForLookup } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { RejectedError, rejectAt } from '../lib/errors.ts';
import { credentialSchema, format } from '../lib/formats.ts';
import { eventNames, optional, regional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';

const NOT_A_TOKEN = 'must be a token, or name:secret of a service account';
const NOT_A_SERVICE_ACCOUNT = 'is for a service account: MIXPANEL_TOKEN must be name:secret';
const token = format(v.pipe(credentialSchema, v.regex(/^[^:]+(:.+)?$/, NOT_A_TOKEN)), { sensitive: true });
const projectId = format(v.pipe(v.string(), v.digits('must be a number')));
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

const Acceptance = v.union([v.object({ code: v.literal(200) }), v.object({ status: v.picklist(['OK', 1]) })]);
const Rejection = v.object({ failed_records: v.array(v.object({ index: v.number(), message: v.string() })) });

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

/** The error that names the activities that Mixpanel rejects. It accepts the others. */
const toRejection = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof RejectedError && v.is(Rejection, error.body))) return error;
  const { message, status, body } = error;
  const [first] = body.failed_records;
  const indexes = body.failed_records.map(({ index }) => index);
  return rejectAt(activities, indexes, { message, status, vendorMessage: first?.message }) ?? error;
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
  check(secrets) {
    if (isServiceAccount(secrets) === (secrets.MIXPANEL_PROJECT_ID !== undefined)) return undefined;
    return { MIXPANEL_PROJECT_ID: isServiceAccount(secrets) ? 'is missing' : NOT_A_SERVICE_ACCOUNT };
  },
  batchLimit: 2000,
  toPayload,
  async send(activities, secrets, http) {
    const project = secrets.MIXPANEL_PROJECT_ID;
    const credentials = isServiceAccount(secrets) ? secrets.MIXPANEL_TOKEN : `${secrets.MIXPANEL_TOKEN}:`;
    await http({
      url: `${region.getHost(secrets)}/import?strict=1${project ? `&project_id=${project}` : ''}`,
      headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets))),
      isAccepted: ({ body }) => v.is(Acceptance, body),
    }).catch((error) => {
      throw toRejection(error, activities);
    });
  },
});

export const onExecutePostLogin = createAction(mixpanel);
