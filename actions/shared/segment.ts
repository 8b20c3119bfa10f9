/** What `segment`, by the Node SDK, and `segment-http` have in common. */
import * as v from 'valibot';
import { type Activity, ipForLookup, NO_IP } from '../../lib/activity.ts';
import { credential, format } from '../../lib/formats.ts';
import { optional, regional, required, type SecretValues } from '../../lib/secrets.ts';

const NOT_AN_OBJECT = 'must be a JSON object';
const integrations = format(
  v.pipe(
    v.string(),
    v.parseJson(undefined, NOT_AN_OBJECT),
    v.check((value) => !Array.isArray(value), NOT_AN_OBJECT),
    v.record(
      v.string(),
      v.union([v.boolean(), v.record(v.string(), v.unknown())], NOT_AN_OBJECT),
      NOT_AN_OBJECT,
    ),
  ),
);

/** https://segment.com/docs/guides/regional-segment/ */
export const region = regional(
  'SEGMENT',
  { us: 'https://api.segment.io', eu: 'https://events.eu1.segmentapis.com' },
  {
    region: "`us` or `eu`: the workspace's region; Segment silently drops what is sent to the wrong one",
    host: "URL of a server that speaks Segment's protocol, for example RudderStack",
  },
);

export const secrets = {
  SEGMENT_WRITE_KEY: required(credential, 'Write key of the source'),
  ...region.secrets,
  SEGMENT_INTEGRATIONS: optional(
    integrations,
    'Destinations that Segment may pass the events on to: `{"All":false,"Mixpanel":true}`',
  ),
};

/** RudderStack responds with `"OK"`. @internal */
export const Acceptance = v.union([v.literal('OK'), v.object({ success: v.literal(true) })]);

/** The fields of every call. Segment accepts a `messageId` once, for a day at least. */
export const toCall = (activity: Activity, { SEGMENT_INTEGRATIONS }: SecretValues<typeof secrets>) => ({
  messageId: activity.id,
  timestamp: activity.time,
  userId: activity.user.id,
  context: {
    // Without an address, RudderStack's destinations would look up the one that Auth0 calls from.
    ip: ipForLookup(activity) ?? NO_IP,
    userAgent: activity.request.userAgent,
    groupId: activity.organization.id,
  },
  ...(SEGMENT_INTEGRATIONS && { integrations: SEGMENT_INTEGRATIONS }),
});
