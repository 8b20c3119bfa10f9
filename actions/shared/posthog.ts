/** The events that PostHog wants in addition to the activity's own. */
import { v5 } from 'uuid';
import type { Activity } from '../../lib/activity.ts';

/** The campaign of the first visit, under the names that PostHog's browser SDK uses. */
export const toInitial = ({ visitor }: Activity): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(Object.entries(visitor.campaign).map(([name, value]) => [`$initial_${name}`, value])),
  $initial_referrer: visitor.referrer,
});

interface Event {
  readonly distinct_id: string;
  readonly timestamp: Date;
  readonly properties: { readonly $ip: string; readonly $geoip_disable: boolean };
}

/**
 * The event, after one that joins the anonymous visitor to the user, and one that names the group.
 * https://posthog.com/docs/product-analytics/identify
 * https://posthog.com/docs/product-analytics/group-analytics
 */
export const toBatch = <E extends Event>(activity: Activity, event: E) => {
  const { visitor, group } = activity;
  const { distinct_id, timestamp } = event;
  // PostHog stores the sender's address of these events as well, and moves the person there.
  const { $ip, $geoip_disable } = event.properties;
  const add = (name: string, properties: object) => ({
    uuid: v5(name, activity.id),
    event: name,
    distinct_id,
    timestamp,
    properties: { ...properties, $ip, $geoip_disable },
  });
  return [
    ...(visitor.anonymousId ? [add('$identify', { $anon_distinct_id: visitor.anonymousId })] : []),
    ...(group
      ? [
          add('$groupidentify', {
            $group_type: 'organization',
            $group_key: group.id,
            $group_set: { name: group.name },
          }),
        ]
      : []),
    event,
  ];
};
