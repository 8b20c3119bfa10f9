/** Amplitude's visitors, sessions and rejections. https://amplitude.com/docs/apis/analytics/http-v2 */
import type { Activity } from '../../lib/activity.ts';
import { DeliveryError, rejectAt, UnavailableError } from '../../lib/errors.ts';
import { getField, getItems } from '../../lib/json.ts';

/** How long Amplitude asks to wait for a user who sends too much. */
const THROTTLE_MS = 30_000;

/** Lists of indexes by the name of a field. */
const BY_FIELD = [
  'events_with_invalid_fields',
  'events_with_missing_fields',
  'events_with_invalid_id_lengths',
];

/** Joins the device of the anonymous visitor to the user, as Amplitude's SDKs do when somebody logs in. */
export const toIdentify = ({ id, time, user, visitor }: Activity) => {
  if (visitor.anonymousId === undefined) return {};
  return {
    identify: {
      user_id: user.id,
      device_id: visitor.anonymousId,
      event_type: '$identify',
      time: time.getTime(),
      insert_id: `${id}-identify`,
    },
  };
};

/**
 * The error that says of each activity what becomes of it. Amplitude accepts all of a request or nothing.
 * @param activities that of each event.
 */
export const toRejection = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof DeliveryError) || (error.status !== 400 && error.status !== 429)) return error;
  const { message, status, vendorMessage, body } = error;
  const invalid = BY_FIELD.flatMap((name) => Object.values(getField(body, name) ?? {}).flat());
  const indexes = [...invalid, ...getItems(getField(body, 'silenced_events'))];
  const rejection = rejectAt(activities, indexes, { message, status, vendorMessage, othersAccepted: false });
  const isThrottled = getItems(getField(body, 'throttled_events')).length > 0;
  if (rejection || !isThrottled) return rejection ?? error;
  // A throttled user is no outage: the events of others are accepted.
  return new UnavailableError(message, { status, vendorMessage, retryAfterMs: THROTTLE_MS, isOutage: false });
};

/** Amplitude's sessions are named by their start, in milliseconds. */
export const toSessionId = (id: string | undefined): number | undefined =>
  id !== undefined && /^\d{13}$/.test(id) ? Number(id) : undefined;
