import type { VendorResponse } from './vendor-response.ts';

/** https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#errors */
export const responses: readonly VendorResponse[] = [
  {
    status: 200,
    meaning: 'Segment responds the same to an unknown write key and in the wrong region',
    remedy: 'look into the debugger of the source, https://segment.com/docs/connections/sources/debugger/',
  },
  {
    status: 400,
    meaning: 'the event is too large or malformed',
    remedy: 'check SEGMENT_INTEGRATIONS',
  },
  {
    status: 401,
    meaning: 'the server does not know the write key',
    remedy: 'copy SEGMENT_WRITE_KEY again from the source',
  },
  { status: 404, meaning: "the server does not speak Segment's protocol", remedy: 'check SEGMENT_HOST' },
  {
    status: 404,
    text: 'Source is disabled',
    meaning: 'the source is disabled',
    remedy: 'enable it in RudderStack',
  },
  {
    status: 429,
    meaning: 'the workspace is over its rate limit',
    remedy: 'try again later, or ask Segment for a higher limit',
  },
];
