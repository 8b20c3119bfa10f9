/** Mixpanel's service accounts, profiles and rejections. */
import { type Activity, FIXED_PROPERTIES } from '../../lib/activity.ts';
import { RejectedError, rejectAt } from '../../lib/errors.ts';
import { format, matching } from '../../lib/formats.ts';
import type { Http } from '../../lib/http.ts';
import { getField, getItems, getString } from '../../lib/json.ts';
import type { Problems } from '../../lib/secrets.ts';

interface Secrets {
  readonly MIXPANEL_TOKEN: string;
  readonly MIXPANEL_PROFILES: 'signups' | 'all' | 'off';
  readonly MIXPANEL_PROFILE_TOKEN: string | undefined;
}

export const token = matching(
  /^[!-9;-~]+(:[!-~]+)?$/,
  'must be a token, or name:secret of a service account',
  {
    sensitive: true,
  },
);
export const projectId = matching(/^\d+$/, 'must be a number');
/** The name under which the organization's id is sent anyway, or one that no other property has. */
export const groupKey = format('must not be the name of another property', (input) =>
  input === 'organizationId' || !FIXED_PROPERTIES.includes(input) ? input : undefined,
);

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

/**
 * The profile, under Mixpanel's reserved names; undefined where the settings do not ask for one.
 * https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties
 */
export const toProfile = ({ type, user, request }: Activity, secrets: Secrets) => {
  const { MIXPANEL_PROFILES: wanted, MIXPANEL_PROFILE_TOKEN, MIXPANEL_TOKEN } = secrets;
  const token = MIXPANEL_PROFILE_TOKEN ?? (isServiceAccount(secrets) ? undefined : MIXPANEL_TOKEN);
  const isWanted = wanted === 'all' || (wanted === 'signups' && type === 'SignUp');
  if (!token || !isWanted) return undefined;
  return {
    $token: token,
    $distinct_id: user.id,
    // Otherwise the profile would move to where Auth0 calls from.
    $ip: '0',
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
  };
};

/** https://developer.mixpanel.com/reference/profile-set */
export const sendProfiles = async (profiles: readonly object[], host: string, http: Http): Promise<void> => {
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
  const indexes = failed.map((record) => getField(record, 'index'));
  const vendorMessage = getString(getField(failed[0], 'message')) ?? error.vendorMessage;
  return rejectAt(activities, indexes, { message: error.message, status: 400, vendorMessage }) ?? error;
};
