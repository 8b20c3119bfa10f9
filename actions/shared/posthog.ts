/** What PostHog wants in addition to the activity's own event. */
import { v5 } from 'uuid';
import { type Activity, ipForLookup, NO_IP } from '../../lib/activity.ts';
import { LIBRARY } from '../../lib/library.ts';

interface Event {
  readonly uuid: string;
  readonly event: string;
  readonly distinct_id: string;
  readonly timestamp: Date;
  readonly properties: object;
}

/** Of every event: where it comes from. */
export const toOrigin = (activity: Activity) => ({
  $lib: LIBRARY.name,
  $lib_version: LIBRARY.version,
  // Otherwise the operating system of the sender would count as the user's.
  $is_server: true,
  // Without an address, PostHog would store and look up the one that Auth0 calls from.
  // https://posthog.com/docs/cdp/geoip-enrichment
  $ip: activity.request.ip ?? NO_IP,
  $geoip_disable: ipForLookup(activity) === undefined,
});

/** Joins the anonymous visitor to the user. https://posthog.com/docs/product-analytics/identify */
export const toIdentify = ({ visitor }: Activity, event: Event) =>
  visitor.anonymousId && {
    identify: toAnother(event, '$identify', { $anon_distinct_id: visitor.anonymousId }),
  };

/** Names the group. https://posthog.com/docs/product-analytics/group-analytics */
export const toGroupIdentify = ({ group }: Activity, event: Event) =>
  group && {
    group: toAnother(event, '$groupidentify', {
      $group_type: 'organization',
      $group_key: group.id,
      $group_set: { name: group.name },
    }),
  };

const toAnother = (event: Event, name: string, properties: object) => ({
  ...event,
  uuid: v5(name, event.uuid),
  event: name,
  properties: { ...event.properties, ...properties },
});
