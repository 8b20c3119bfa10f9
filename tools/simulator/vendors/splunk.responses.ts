import type { VendorResponse } from './vendor-response.ts';

const REPORT = 'Splunk, or a proxy in front of it, does not accept what the Action sends: report it';
const SCALE = "Splunk's administrators must give it more indexers or larger queues";
const ENABLE =
  'a Splunk administrator must enable the token in Settings > Data inputs > HTTP Event Collector';
const COPY = 'copy SPLUNK_HEC_TOKEN again from Settings > Data inputs > HTTP Event Collector';
const NO_ACK = 'use a token without indexer acknowledgement, which the Action does not ask for';

/**
 * By code.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
export const codes = [
  { code: 0, status: 200, text: 'Success' },
  { code: 1, status: 403, text: 'Token disabled', remedy: ENABLE },
  {
    code: 2,
    status: 401,
    text: 'Token is required',
    remedy: 'find the proxy that removes the Authorization header',
  },
  {
    code: 3,
    status: 401,
    text: 'Invalid authorization',
    remedy: 'SPLUNK_HEC_TOKEN must be the bare token, as Splunk shows it',
  },
  { code: 4, status: 403, text: 'Invalid token', remedy: COPY },
  { code: 5, status: 400, text: 'No data', remedy: REPORT },
  { code: 6, status: 400, text: 'Invalid data format', remedy: REPORT },
  {
    code: 7,
    status: 400,
    text: 'Incorrect index',
    remedy: 'a Splunk administrator must allow the index for the token, or correct SPLUNK_INDEX',
  },
  {
    code: 8,
    status: 500,
    text: 'Internal server error',
    remedy: "Splunk's administrators find the cause in splunkd.log",
  },
  { code: 9, status: 503, text: 'Server is busy', remedy: SCALE },
  {
    code: 10,
    status: 400,
    text: 'Data channel is missing',
    remedy: 'the token has indexer acknowledgement: set SPLUNK_CHANNEL to any GUID',
  },
  {
    code: 11,
    status: 400,
    text: 'Invalid data channel',
    remedy: 'set SPLUNK_CHANNEL to another GUID',
  },
  { code: 12, status: 400, text: 'Event field is required', remedy: REPORT },
  { code: 13, status: 400, text: 'Event field cannot be blank', remedy: REPORT },
  {
    code: 14,
    status: 400,
    text: 'ACK is disabled',
    remedy: 'the token has no indexer acknowledgement: remove SPLUNK_CHANNEL',
  },
  { code: 15, status: 400, text: 'Error in handling indexed fields', remedy: REPORT },
  {
    code: 16,
    status: 400,
    text: 'Query string authorization is not enabled',
    remedy: 'take the query out of SPLUNK_HEC_URL',
  },
  { code: 17, status: 200, text: 'HEC is healthy' },
  { code: 18, status: 503, text: 'HEC is unhealthy, queues are full', remedy: SCALE },
  {
    code: 19,
    status: 503,
    text: 'HEC is unhealthy, ack service unavailable',
    remedy: "Splunk's administrators must repair acknowledgements, or disable them for the token",
  },
  {
    code: 20,
    status: 503,
    text: 'HEC is unhealthy, queues are full, ack service unavailable',
    remedy: SCALE,
  },
  { code: 21, status: 400, text: 'Invalid token', remedy: COPY },
  { code: 22, status: 400, text: 'Token disabled', remedy: ENABLE },
  { code: 23, status: 503, text: 'Server is shutting down', remedy: 'try again when Splunk is back' },
  { code: 24, status: 200, text: 'HEC queue is approaching its capacity limit', remedy: SCALE },
  { code: 25, status: 200, text: 'HEC ACK is approaching its capacity limit', remedy: NO_ACK },
  { code: 26, status: 429, text: 'HEC queue is at capacity', remedy: SCALE },
  { code: 27, status: 429, text: 'HEC ACK channel is at capacity', remedy: NO_ACK },
] as const satisfies readonly VendorResponse[];

export const responses: readonly VendorResponse[] = [
  ...codes,
  {
    status: 303,
    // Splunk Web, on port 8000, redirects everything to its login page.
    meaning: 'this is Splunk Web, not the HTTP Event Collector',
    remedy: 'SPLUNK_HEC_URL must have the port of the collector, 8088 by default',
  },
  {
    status: 404,
    meaning: 'there is no HTTP Event Collector at this URL',
    remedy: 'check host and port in SPLUNK_HEC_URL, and that HEC is enabled',
  },
];
