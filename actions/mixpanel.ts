/**
 * Mixpanel, through its import of events.
 *
 * https://docs.mixpanel.com/reference/import-events
 * https://docs.mixpanel.com/docs/tracking-best-practices/geolocation
 * https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified
 */
import { isIP } from 'node:net';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { RejectedError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const isServiceAccount = (token: string): boolean => token.includes(':');

const secrets = v.pipe(
  v.object({
    MIXPANEL_TOKEN: v.pipe(
      credential,
      v.regex(/^[^:]+(:.+)?$/, 'must be a token, or name:secret of a service account'),
      v.description('Token of the project, or `name:secret` of a service account'),
    ),
    MIXPANEL_PROJECT_ID: v.optional(
      v.pipe(
        text,
        v.digits('must be a number'),
        v.description('ID of the project, required with a service account'),
      ),
    ),
    MIXPANEL_REGION: v.optional(
      v.pipe(
        v.picklist(['us', 'eu', 'in'], 'must be us, eu or in'),
        v.description("`us`, `eu` or `in`: where the project's data resides"),
      ),
      'us',
    ),
    MIXPANEL_HOST: v.optional(v.pipe(serverUrl, v.description('Address of a proxy, instead of the region'))),
    MIXPANEL_SIGNUP_EVENT: v.optional(
      v.pipe(text, v.description('Name of the event for a SignUp')),
      'Signed Up',
    ),
    MIXPANEL_LOGIN_EVENT: v.optional(
      v.pipe(text, v.description('Name of the event for a Login')),
      'Logged In',
    ),
  }),
  v.forward(
    v.partialCheck(
      [['MIXPANEL_TOKEN'], ['MIXPANEL_PROJECT_ID']],
      ({ MIXPANEL_TOKEN, MIXPANEL_PROJECT_ID }) =>
        isServiceAccount(MIXPANEL_TOKEN) === (MIXPANEL_PROJECT_ID !== undefined),
      'is for a service account: MIXPANEL_TOKEN must be name:secret',
    ),
    ['MIXPANEL_PROJECT_ID'],
  ),
);

type Secrets = v.InferOutput<typeof secrets>;

const REGIONS = {
  us: 'https://api.mixpanel.com',
  eu: 'https://api-eu.mixpanel.com',
  in: 'https://api-in.mixpanel.com',
};

/** The event. Mixpanel shows one `$insert_id` only once, of the same name, user and time. */
export const toPayload = (activity: Activity, secrets: Secrets) => {
  const { country, city, ...details } = detailsOf(activity);
  const { ip = '', userAgent } = activity.request;
  return {
    event: activity.type === 'SignUp' ? secrets.MIXPANEL_SIGNUP_EVENT : secrets.MIXPANEL_LOGIN_EVENT,
    properties: {
      time: activity.time.getTime(),
      distinct_id: activity.user.id,
      $user_id: activity.user.id,
      $insert_id: activity.id,
      // Looked up, and then forgotten. Without one, Mixpanel would look up the address that Auth0 calls from.
      ...(isIP(ip) ? { ip } : { ip: 0, hashedIp: ip || undefined }),
      mp_country_code: country,
      $city: city,
      name: activity.user.name,
      email: activity.user.email,
      application: activity.application.name,
      clientId: activity.application.id,
      userAgent,
      ...details,
    },
  };
};

const Refusal = v.object({ failed_records: v.array(v.object({ index: v.number(), message: text })) });

/** Mixpanel names the events that it refuses, and has taken the others. */
const withRefused = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof RejectedError) || error.status !== 400) return error;
  const { success, output } = v.safeParse(Refusal, error.body);
  const failed = new Map(success ? output.failed_records.map(({ index, message }) => [index, message]) : []);
  const refused = activities.filter((_, index) => failed.has(index));
  if (refused.length === 0) return error;
  const [vendorText = ''] = failed.values();
  return new RejectedError(error.message, { status: error.status, vendorText, refused });
};

export const mixpanel: Sink<typeof secrets> = {
  name: 'mixpanel',
  secrets,
  async send(activities, secrets, http) {
    const { MIXPANEL_TOKEN: token, MIXPANEL_PROJECT_ID: project } = secrets;
    const host = secrets.MIXPANEL_HOST ?? REGIONS[secrets.MIXPANEL_REGION];
    const credentials = isServiceAccount(token) ? token : `${token}:`;
    try {
      await http({
        url: `${host}/import?strict=1${project ? `&project_id=${project}` : ''}`,
        headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
        body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets))),
      });
    } catch (error) {
      throw withRefused(error, activities);
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
  record(mixpanel, event, api);
