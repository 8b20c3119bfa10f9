/** What `segment`, by the Node SDK, and `segment-http` have in common. */
import { type Activity, ipForLookup, NO_IP } from '../../lib/activity.ts';
import { credential, format } from '../../lib/formats.ts';
import type { HttpResponse } from '../../lib/http.ts';
import { getField } from '../../lib/json.ts';
import { optional, regional, required, type SecretValues } from '../../lib/secrets.ts';

type Integrations = Readonly<Record<string, boolean | Readonly<Record<string, unknown>>>>;

const integrations = format('must be a JSON object', (input): Integrations | undefined => {
  const value: unknown = JSON.parse(input);
  const isSetting = (item: unknown) => typeof item === 'boolean' || isPlainObject(item);
  return isPlainObject(value) && Object.values(value).every(isSetting) ? (value as Integrations) : undefined;
});

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

/** RudderStack responds with `"OK"`. */
export const isAccepted = ({ body }: HttpResponse): boolean =>
  body === 'OK' || getField(body, 'success') === true;

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
