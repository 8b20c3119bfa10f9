import type { VendorResponse } from './vendor-response.ts';

const INVALID_EVENT = 'Datadog does not accept what the Action sends';
const REPORT = 'report it as a bug of the Action';

/** https://docs.datadoghq.com/api/latest/logs/#send-logs */
export const responses: readonly VendorResponse[] = [
  { status: 400, meaning: INVALID_EVENT, remedy: REPORT },
  {
    status: 401,
    meaning: 'the API key did not arrive',
    remedy: 'find the proxy that removes the DD-API-KEY header',
  },
  {
    status: 403,
    meaning: 'the Datadog site does not know the API key',
    remedy: 'copy DATADOG_API_KEY again from Organization Settings > API Keys, and check DATADOG_SITE',
  },
  { status: 404, meaning: "the server does not accept Datadog's logs", remedy: 'check DATADOG_URL' },
  { status: 413, meaning: INVALID_EVENT, remedy: REPORT },
  {
    status: 429,
    meaning: 'the organization is over its rate limit',
    remedy: 'try again later, or ask Datadog for a higher limit',
  },
];
