/**
 * Datadog, through its intake of logs.
 *
 * https://docs.datadoghq.com/api/latest/logs/#send-logs
 * https://docs.datadoghq.com/standard-attributes/
 * https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, detailsOf } from '../lib/activity.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

const secrets = v.object({
  DATADOG_API_KEY: v.pipe(credential, v.description('API key of the organization')),
  DATADOG_SITE: v.optional(
    v.pipe(
      text,
      // More of them open from time to time: https://docs.datadoghq.com/getting_started/site/
      v.regex(/^([a-z]{2}\d\.)?(datadoghq\.(com|eu)|ddog-gov\.com)$/, 'must be a site of Datadog'),
      v.description(
        "The organization's site: `datadoghq.com`, `us3.datadoghq.com`, `us5.datadoghq.com`, `datadoghq.eu`, `ap1.datadoghq.com` …",
      ),
    ),
    'datadoghq.com',
  ),
  DATADOG_URL: v.optional(
    v.pipe(
      serverUrl,
      v.description("Address of a server that takes Datadog's logs in its place, Vector for one"),
    ),
  ),
  DATADOG_SERVICE: v.optional(v.pipe(text, v.description('`service` of the logs')), 'auth0'),
  DATADOG_SOURCE: v.optional(
    v.pipe(
      text,
      v.description(
        "`source` of the logs; with `auth0`, Datadog's pipeline for Auth0's log stream takes them, too",
      ),
    ),
    'auth0_activity',
  ),
  DATADOG_TAGS: v.optional(v.pipe(text, v.description('Tags of the logs, as `env:prod,team:identity`'))),
});

type Secrets = v.InferOutput<typeof secrets>;

/** Datadog takes no log that is dated more than 18 hours back. One of them is for clocks and queues. */
const TIMESTAMP_LIMIT_MS = 17 * 60 * 60 * 1000;

/**
 * The log. What is too old for a timestamp gets that of its arrival, from Datadog: `occurredAt` is the time of all.
 * Nothing is deduplicated: count `@id` uniquely.
 */
export const toPayload = (activity: Activity, secrets: Secrets, now: Date) => ({
  ...(now.getTime() - activity.time.getTime() <= TIMESTAMP_LIMIT_MS && { timestamp: activity.time }),
  occurredAt: activity.time,
  message: activity.type,
  status: 'info',
  hostname: activity.tenant,
  service: secrets.DATADOG_SERVICE,
  ddsource: secrets.DATADOG_SOURCE,
  ddtags: secrets.DATADOG_TAGS,
  id: activity.id,
  evt: { name: activity.type, category: 'authentication', outcome: 'success' },
  usr: { id: activity.user.id, name: activity.user.name, email: activity.user.email },
  network: {
    client: {
      ip: activity.request.ip,
      geoip: { country: { iso_code: activity.request.country }, city: { name: activity.request.city } },
    },
  },
  http: { useragent: activity.request.userAgent },
  application: activity.application.name,
  clientId: activity.application.id,
  ...detailsOf(activity),
});

export const datadog: Sink<typeof secrets> = {
  name: 'datadog',
  secrets,
  batchLimit: 1000,
  async send(activities, secrets, http) {
    const now = new Date();
    await http({
      url: `${secrets.DATADOG_URL ?? `https://http-intake.logs.${secrets.DATADOG_SITE}`}/api/v2/logs`,
      headers: { 'DD-API-KEY': secrets.DATADOG_API_KEY },
      body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets, now))),
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
  record(datadog, event, api);
