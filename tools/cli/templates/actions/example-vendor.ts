/**
 * Example Vendor, through its HTTP API: one event for each activity.
 *
 * TODO: the vendor's documentation of the endpoint, of its limits and of its errors.
 * https://example-vendor.example.com/docs/events
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../../../../lib/activity.ts';
import { record } from '../../../../lib/record.ts';
import { credential, serverUrl } from '../../../../lib/secrets.ts';
import type { Sink } from '../../../../lib/sink.ts';

// TODO: what the vendor calls them. An address that is the same for everybody is a default: see keen.ts.
const secrets = v.object({
  EXAMPLE_VENDOR_URL: v.pipe(serverUrl, v.description('Address of Example Vendor')),
  EXAMPLE_VENDOR_TOKEN: v.pipe(credential, v.description('Token of Example Vendor')),
});

// TODO: the vendor's endpoint.
const PATH = '/v1/events';

/** The event. TODO: the vendor's names, above all for the time, and for the id that it deduplicates by. */
export const toPayload = (activity: Activity) => ({
  id: activity.id,
  time: activity.time,
  type: activity.type,
  userId: activity.user.id,
  name: activity.user.name,
  email: activity.user.email,
  ip: activity.request.ip,
  userAgent: activity.request.userAgent,
  application: activity.application.name,
  clientId: activity.application.id,
  ...detailsOf(activity),
});

export const exampleVendor: Sink<typeof secrets> = {
  name: 'example-vendor',
  secrets,
  // TODO: batchLimit, if there may be so many events in one request and no more: see datadog.ts.
  async send(activities, { EXAMPLE_VENDOR_URL, EXAMPLE_VENDOR_TOKEN }, http) {
    // TODO: can it refuse some events of a request, and take the others? See keen.ts.
    await http({
      url: `${EXAMPLE_VENDOR_URL}${PATH}`,
      headers: { Authorization: `Bearer ${EXAMPLE_VENDOR_TOKEN}` },
      body: JSON.stringify({ events: activities.map(toPayload) }),
    });
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
  record(exampleVendor, event, api);
