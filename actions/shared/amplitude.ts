/** Which events of a request Amplitude does not accept. https://amplitude.com/docs/apis/analytics/http-v2 */
import * as v from 'valibot';
import type { Activity } from '../../lib/activity.ts';
import { DeliveryError, rejectAt, UnavailableError } from '../../lib/errors.ts';

/** How long Amplitude asks to wait for a user who sends too much. */
const THROTTLE_MS = 30_000;

const Indexes = v.optional(v.array(v.number()), []);
const IndexesByField = v.optional(v.record(v.string(), v.array(v.number())), {});
const Rejection = v.object({
  events_with_invalid_fields: IndexesByField,
  events_with_missing_fields: IndexesByField,
  events_with_invalid_id_lengths: IndexesByField,
  silenced_events: Indexes,
  throttled_events: Indexes,
});

/** The error that says of each activity what becomes of it. Amplitude accepts all of a request or nothing. */
export const toRejection = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof DeliveryError) || (error.status !== 400 && error.status !== 429)) return error;
  const { success, output } = v.safeParse(Rejection, error.body);
  if (!success) return error;
  const { throttled_events, silenced_events, ...invalid } = output;
  const indexes = [
    ...silenced_events,
    ...Object.values(invalid).flatMap((byField) => Object.values(byField).flat()),
  ];
  const { message, status, vendorMessage } = error;
  const rejection = rejectAt(activities, indexes, { message, status, vendorMessage, othersAccepted: false });
  if (rejection || throttled_events.length === 0) return rejection ?? error;
  // A throttled user is no outage: the events of others are accepted.
  return new UnavailableError(message, { status, vendorMessage, retryAfterMs: THROTTLE_MS, isOutage: false });
};
