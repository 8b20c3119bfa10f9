/** Mixpanel's profiles, service accounts and rejections. */
import { type Activity, NO_IP } from '../../lib/activity.ts';
import { RejectedError, rejectAt } from '../../lib/errors.ts';
import type { Http } from '../../lib/http.ts';
import { getField, getItems, getString } from '../../lib/json.ts';
import type { Problems } from '../../lib/secrets.ts';

interface Secrets {
  readonly MIXPANEL_TOKEN: string;
  readonly MIXPANEL_PROFILES: 'signups' | 'all' | 'off';
  readonly MIXPANEL_PROFILE_TOKEN: string | undefined;
}

const NOT_A_SERVICE_ACCOUNT = 'is for a service account: MIXPANEL_TOKEN must be name:secret';

const isServiceAccount = ({ MIXPANEL_TOKEN }: Pick<Secrets, 'MIXPANEL_TOKEN'>): boolean =>
  MIXPANEL_TOKEN.includes(':');

/** A service account, and only that, needs to name its project. */
export const checkServiceAccount = (
  secrets: Secrets & { readonly MIXPANEL_PROJECT_ID: string | undefined },
): Problems | undefined => {
  if (isServiceAccount(secrets) === (secrets.MIXPANEL_PROJECT_ID !== undefined)) return undefined;
  return { MIXPANEL_PROJECT_ID: isServiceAccount(secrets) ? 'is missing' : NOT_A_SERVICE_ACCOUNT };
};

/** The name of a service account and its secret, or the token as a name without a secret. */
export const toAuthorization = (secrets: Pick<Secrets, 'MIXPANEL_TOKEN'>): string => {
  const credentials = isServiceAccount(secrets) ? secrets.MIXPANEL_TOKEN : `${secrets.MIXPANEL_TOKEN}:`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
};

/** The profile, under Mixpanel's reserved names. https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties */
const toProfile = ({ user, request }: Activity, token: string) => ({
  $token: token,
  $distinct_id: user.id,
  // Otherwise the profile would move to where Auth0 calls from.
  $ip: NO_IP,
  $set: {
    ...user.properties,
    $name: user.name,
    $first_name: user.givenName,
    $last_name: user.familyName,
    $email: user.email,
    $phone: user.phone,
    $avatar: user.picture,
    $country_code: request.country,
    $region: request.region,
    $city: request.city,
  },
  $set_once: { $created: user.createdAt },
});

/** Sends the profiles that the settings ask for. https://developer.mixpanel.com/reference/profile-set */
export const sendProfiles = async (
  activities: readonly Activity[],
  secrets: Secrets,
  host: string,
  http: Http,
): Promise<void> => {
  const token =
    secrets.MIXPANEL_PROFILE_TOKEN ?? (isServiceAccount(secrets) ? undefined : secrets.MIXPANEL_TOKEN);
  const isWanted = ({ type }: Activity) =>
    secrets.MIXPANEL_PROFILES === 'all' || (secrets.MIXPANEL_PROFILES === 'signups' && type === 'SignUp');
  const profiles = token ? activities.filter(isWanted).map((activity) => toProfile(activity, token)) : [];
  if (profiles.length === 0) return;
  const { body } = await http({
    url: `${host}/engage?verbose=1`,
    headers: {},
    body: JSON.stringify(profiles),
    isAccepted: ({ body }) => typeof getField(body, 'status') === 'number',
  });
  // Mixpanel responds with 200 to profiles that it rejects as well.
  if (getField(body, 'status') !== 1) {
    throw new RejectedError('a profile was rejected', { vendorMessage: getString(getField(body, 'error')) });
  }
};

/** Mixpanel names the events that it rejects, and accepts the others. */
export const toRejection = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof RejectedError) || error.status !== 400) return error;
  const failed = getItems(getField(error.body, 'failed_records'));
  const indexes = failed.map((record) => Number(getField(record, 'index')));
  const vendorMessage = getString(getField(failed[0], 'message')) ?? error.vendorMessage;
  return rejectAt(activities, indexes, { message: error.message, status: 400, vendorMessage }) ?? error;
};
