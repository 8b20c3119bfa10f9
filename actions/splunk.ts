/**
 * Splunk, through its HTTP Event Collector (HEC).
 *
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/get-started-with-getting-data-in/get-data-with-http-event-collector/format-events-for-http-event-collector
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/get-started-with-getting-data-in/get-data-with-http-event-collector/troubleshoot-http-event-collector
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { record } from '../lib/record.ts';
import { certificates, credential, flag, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const secrets = v.object({
  SPLUNK_HEC_URL: v.pipe(
    text,
    v.transform((url) => url.replace(/\/services\/collector.*$/, '')),
    serverUrl,
    v.description(
      'Address of the collector, `https://http-inputs-acme.splunkcloud.com` or `https://splunk.acme.com:8088`',
    ),
  ),
  SPLUNK_HEC_TOKEN: v.pipe(credential, v.description('Token of the collector')),
  SPLUNK_INDEX: v.optional(v.pipe(text, v.description("Index to write to; without it, the token's default"))),
  SPLUNK_SOURCE: v.optional(v.pipe(text, v.description('`source` of the events')), 'auth0'),
  SPLUNK_SOURCETYPE: v.optional(v.pipe(text, v.description('`sourcetype` of the events')), 'auth0_activity'),
  SPLUNK_CHANNEL: v.optional(
    v.pipe(
      text,
      v.uuid('must be a GUID'),
      v.description('A GUID of your own, for a token with indexer acknowledgement'),
    ),
  ),
  SPLUNK_CA_CERT: v.optional(
    v.pipe(
      certificates,
      v.description(
        "PEM of the authority that signed Splunk's certificate, if it is none of the public ones",
      ),
    ),
  ),
  SPLUNK_TLS_VERIFY: v.optional(
    v.pipe(
      flag,
      v.description('`false` accepts any certificate: a last resort, `SPLUNK_CA_CERT` is the remedy'),
    ),
    'true',
  ),
});

type Secrets = v.InferOutput<typeof secrets>;

/** The HEC envelope. HEC has no field to deduplicate by: `| dedup id` does it in a search. */
export const toPayload = (activity: Activity, secrets: Secrets) => ({
  time: activity.time.getTime() / 1000,
  // Without a host, Splunk would show the address that Auth0 calls from.
  host: activity.tenant,
  source: secrets.SPLUNK_SOURCE,
  sourcetype: secrets.SPLUNK_SOURCETYPE,
  index: secrets.SPLUNK_INDEX,
  event: {
    message: activity.type,
    application: activity.application.name,
    clientIP: activity.request.ip,
    userName: activity.user.name,
    userId: activity.user.id,
    id: activity.id,
    clientId: activity.application.id,
    email: activity.user.email,
    userAgent: activity.request.userAgent,
    ...detailsOf(activity),
  },
});

export const splunk: Sink<typeof secrets> = {
  name: 'splunk',
  secrets,
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
  record(splunk, event, api);
