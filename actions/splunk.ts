import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import {
  booleanString,
  certificates,
  credential,
  format,
  matching,
  NOT_A_BASE_URL,
  string,
  toBaseUrl,
} from '../lib/formats.ts';
import { getField } from '../lib/json.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { toCim } from './shared/splunk.ts';

const collectorUrl = format(NOT_A_BASE_URL, (input) =>
  toBaseUrl(input.replace(/\/services\/collector.*$/, '')),
);
const guid = matching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, 'must be a GUID');

const names = eventNames('SPLUNK', 'SignUp', 'Login');

const secrets = {
  SPLUNK_HEC_URL: required(
    collectorUrl,
    'URL of the collector: `https://http-inputs-acme.splunkcloud.com` or `https://splunk.acme.com:8088`',
  ),
  SPLUNK_HEC_TOKEN: required(credential, 'Token of the collector'),
  SPLUNK_INDEX: optional(string, "Index to write to; the token's default index without it"),
  SPLUNK_SOURCE: optional(string, '`source` of the events', 'auth0'),
  SPLUNK_SOURCETYPE: optional(string, '`sourcetype` of the events', 'auth0_activity'),
  ...names.secrets,
  SPLUNK_CHANNEL: optional(guid, 'Any GUID; required by a token with indexer acknowledgement'),
  SPLUNK_CA_CERT: optional(
    certificates,
    "PEM of the CA that signed Splunk's certificate, if it is not a public one",
  ),
  SPLUNK_TLS_VERIFY: optional(
    booleanString,
    '`false` accepts any certificate: a last resort, `SPLUNK_CA_CERT` is the remedy',
    'true',
  ),
};

type Secrets = SecretValues<typeof secrets>;

/** 24 and 25 warn that the collector is near capacity. */
const ACCEPTED_CODES: readonly unknown[] = [0, 24, 25];

/** The HEC envelope. HEC does not deduplicate: `| dedup id` does it in a search. */
const toPayload = (activity: Activity, secrets: Secrets) => ({
  time: activity.time.getTime() / 1000,
  // Without a host, Splunk would show the address that Auth0 calls from.
  host: activity.tenant,
  source: secrets.SPLUNK_SOURCE,
  sourcetype: secrets.SPLUNK_SOURCETYPE,
  index: secrets.SPLUNK_INDEX,
  event: {
    ...activity.user.properties,
    ...commonProperties(activity),
    message: names.getEventName(activity, secrets),
    clientIP: activity.request.ip,
    userName: activity.user.name,
    userId: activity.user.id,
    id: activity.id,
    ...toCim(activity),
  },
});

export const splunk = defineSink({
  name: 'splunk',
  title: 'Splunk, HTTP Event Collector (HEC)',
  docs: [
    'https://help.splunk.com/en/splunk-enterprise/get-data-in/get-started-with-getting-data-in/get-data-with-http-event-collector/format-events-for-http-event-collector',
    'https://help.splunk.com/en/splunk-enterprise/get-data-in/get-started-with-getting-data-in/get-data-with-http-event-collector/troubleshoot-http-event-collector',
  ],
  secrets,
  toPayload,
  async send(activities, secrets, http) {
    await http({
      url: `${secrets.SPLUNK_HEC_URL}/services/collector/event`,
      headers: {
        Authorization: `Splunk ${secrets.SPLUNK_HEC_TOKEN}`,
        ...(secrets.SPLUNK_CHANNEL && { 'X-Splunk-Request-Channel': secrets.SPLUNK_CHANNEL }),
      },
      body: activities.map((activity) => JSON.stringify(toPayload(activity, secrets))).join('\n'),
      tls: {
        ...(secrets.SPLUNK_CA_CERT && { ca: secrets.SPLUNK_CA_CERT }),
        rejectUnauthorized: secrets.SPLUNK_TLS_VERIFY,
      },
      // Compatible receivers respond with `"OK"` or nothing.
      isAccepted: ({ body }) =>
        body === undefined || body === 'OK' || ACCEPTED_CODES.includes(getField(body, 'code')),
    });
  },
});

export const onExecutePostLogin = createAction(splunk);
