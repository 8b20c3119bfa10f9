import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { baseUrl, credential, matching, string } from '../lib/formats.ts';
import { isEmptyObject } from '../lib/json.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';

/** More of them open from time to time: https://docs.datadoghq.com/getting_started/site/ */
const site = matching(/^([a-z]{2}\d\.)?(datadoghq\.(com|eu)|ddog-gov\.com)$/, 'must be a site of Datadog');

const names = eventNames('DATADOG', 'SignUp', 'Login');

const secrets = {
  DATADOG_API_KEY: required(credential, 'API key of the organization'),
  DATADOG_SITE: optional(
    site,
    "The organization's site: `datadoghq.com`, `us3.datadoghq.com`, `us5.datadoghq.com`, `datadoghq.eu`, `ap1.datadoghq.com` …",
    'datadoghq.com',
  ),
  DATADOG_URL: optional(
    baseUrl,
    "URL of a server that accepts Datadog's logs in its place, for example Vector",
  ),
  ...names.secrets,
  DATADOG_SERVICE: optional(string, '`service` of the logs', 'auth0'),
  DATADOG_SOURCE: optional(
    string,
    "`source` of the logs; `auth0` also runs Datadog's pipeline for Auth0's log stream on them",
    'auth0_activity',
  ),
  DATADOG_TAGS: optional(string, 'Tags of the logs: `env:prod,team:identity`'),
};

type Secrets = SecretValues<typeof secrets>;

/** Datadog drops a log that is dated more than 18 hours back. One of them is left for clocks and queues. */
const TIMESTAMP_LIMIT_MS = 17 * 60 * 60 * 1000;

/**
 * The log. An older one gets the timestamp of its arrival, from Datadog: `occurredAt` is always the time of the event.
 * Nothing is deduplicated: count `@id` uniquely.
 */
const toPayload = (activity: Activity, secrets: Secrets, now: Date) => {
  const { email, userAgent, hostname, ...properties } = commonProperties(activity);
  const { user, request } = activity;
  return {
    ...properties,
    ...(now.getTime() - activity.time.getTime() <= TIMESTAMP_LIMIT_MS && { timestamp: activity.time }),
    occurredAt: activity.time,
    message: names.getEventName(activity, secrets),
    status: 'info',
    hostname: activity.tenant,
    service: secrets.DATADOG_SERVICE,
    ddsource: secrets.DATADOG_SOURCE,
    ddtags: secrets.DATADOG_TAGS,
    id: activity.id,
    evt: { name: names.getEventName(activity, secrets), category: 'authentication', outcome: 'success' },
    usr: { ...user.properties, id: user.id, name: user.name, email },
    network: {
      client: {
        ip: request.ip,
        geoip: {
          continent: { code: request.continent },
          country: { iso_code: request.country, name: request.countryName },
          subdivision: { iso_code: request.regionCode, name: request.region },
          city: { name: request.city },
          location: { latitude: request.latitude, longitude: request.longitude },
          timezone: request.timeZone,
        },
      },
    },
    http: { useragent: userAgent, url_details: { host: hostname } },
  };
};

export const datadog = defineSink({
  name: 'datadog',
  title: 'Datadog, Logs API',
  docs: [
    'https://docs.datadoghq.com/api/latest/logs/#send-logs',
    'https://docs.datadoghq.com/standard-attributes/',
    'https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/',
  ],
  secrets,
  batchLimit: 1000,
  toPayload,
  async send(activities, secrets, http) {
    const now = new Date();
    await http({
      url: `${secrets.DATADOG_URL ?? `https://http-intake.logs.${secrets.DATADOG_SITE}`}/api/v2/logs`,
      headers: { 'DD-API-KEY': secrets.DATADOG_API_KEY },
      body: JSON.stringify(activities.map((activity) => toPayload(activity, secrets, now))),
      // Datadog responds with `{}`, and the receivers that stand in for it with nothing.
      isAccepted: ({ body }) => body === undefined || isEmptyObject(body),
    });
  },
});

export const onExecutePostLogin = createAction(datadog);
