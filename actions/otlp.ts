/**
 * OpenTelemetry, as log records over OTLP/HTTP in JSON.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * https://opentelemetry.io/docs/specs/otel/logs/data-model/
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/
 *
 * Some of those who take it:
 * OpenTelemetry Collector https://github.com/open-telemetry/opentelemetry-collector/tree/main/receiver/otlpreceiver
 * Grafana Cloud https://grafana.com/docs/grafana-cloud/send-data/otlp/send-data-otlp/
 * Honeycomb https://docs.honeycomb.io/send-data/opentelemetry/
 * New Relic https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/
 * Dash0 https://www.dash0.com/hub/integrations/int_otlp/overview
 * Datadog, which documents Protobuf alone https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/logs/
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import type { Activity } from '../lib/activity.ts';
import { RejectedError } from '../lib/errors.ts';
import { record } from '../lib/record.ts';
import { credential, serverUrl, text } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';

/** Without control characters, and without the headers that are the Action's own or Node's. */
const HEADER = /(?!content-|transfer-|host=)[!#$&'*+.^`|~\w-]+=(%(?!7f)[2-7][\da-f]|[!-$&-+\--~])+/.source;
const HEADERS = new RegExp(`^${HEADER}(,${HEADER})*$`, 'i');

const decodeHeader = (header: string): [name: string, value: string] => {
  const [name = '', ...value] = header.split('=');
  return [name, decodeURIComponent(value.join('='))];
};

const secrets = v.object({
  OTLP_ENDPOINT: v.pipe(
    text,
    v.transform((url) => url.replace(/\/v1\/logs\/*$/, '')),
    serverUrl,
    v.description(
      'Address to which `/v1/logs` is added, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `https://otlp-gateway-prod-us-east-0.grafana.net/otlp`',
    ),
  ),
  OTLP_HEADERS: v.optional(
    v.pipe(
      credential,
      // https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
      v.regex(HEADERS, 'must be name=value,name=value, percent-encoded'),
      v.transform((list) => Object.fromEntries(list.split(',').map(decodeHeader))),
      v.description(
        'Credentials as headers, as in `OTEL_EXPORTER_OTLP_HEADERS`: `Authorization=Basic%20…` or `api-key=…`, `%20` for a blank',
      ),
    ),
  ),
  OTLP_SERVICE_NAME: v.optional(v.pipe(text, v.description('`service.name` of the log records')), 'auth0'),
});

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

const EVENT_NAMES = { SignUp: 'auth0.signup', Login: 'auth0.login' };

/** The log record. Those with the same `log.record.uid` are duplicates, which whoever stores them may remove. */
export const toPayload = (activity: Activity, now: Date) => {
  const { user, application, connection, organization, request } = activity;
  return {
    timeUnixNano: toNanoseconds(activity.time),
    observedTimeUnixNano: toNanoseconds(now),
    severityNumber: INFO,
    eventName: EVENT_NAMES[activity.type],
    body: { stringValue: activity.type },
    attributes: toAttributes({
      'log.record.uid': activity.id,
      // For those who do not show `eventName`, which is younger.
      'event.name': EVENT_NAMES[activity.type],
      'user.id': user.id,
      'user.full_name': user.name,
      'user.email': user.email,
      'client.address': request.ip,
      'user_agent.original': request.userAgent,
      'geo.country.iso_code': request.country,
      'geo.locality.name': request.city,
      'auth0.tenant': activity.tenant,
      'auth0.protocol': activity.protocol,
      'auth0.application.id': application.id,
      'auth0.application.name': application.name,
      'auth0.connection.name': connection.name,
      'auth0.connection.strategy': connection.strategy,
      'auth0.organization.id': organization.id,
      'auth0.organization.name': organization.name,
      'auth0.user.created_at': user.createdAt,
      'auth0.user.logins_count': user.loginsCount,
      'auth0.user.last_login': user.lastLogin,
    }),
  };
};

/** A number of 64 bits is a text in Protobuf's JSON. https://protobuf.dev/programming-guides/json/ */
const toNanoseconds = (time: Date): string => `${time.getTime()}000000`;

const toAttributes = (values: Record<string, string | number | Date | undefined>) =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [{ key, value: toAnyValue(value) }],
  );

const toAnyValue = (value: string | number | Date) => {
  if (typeof value === 'number') return { intValue: String(value) };
  return { stringValue: typeof value === 'string' ? value : value.toISOString() };
};

const Answer = v.object({
  partialSuccess: v.object({
    rejectedLogRecords: v.pipe(v.union([text, v.number()]), v.transform(Number), v.minValue(1)),
    errorMessage: v.optional(text, ''),
  }),
});

/**
 * A 200 can refuse some log records, without telling which, and nothing may be sent again. So of a batch all count as
 * refused. https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
const checkAnswer = (body: unknown, activities: readonly Activity[]): void => {
  const { success, output } = v.safeParse(Answer, body);
  if (!success) return;
  const { rejectedLogRecords, errorMessage } = output.partialSuccess;
  throw new RejectedError('log records were refused', {
    vendorText: `${rejectedLogRecords} of ${activities.length} refused${errorMessage && `: ${errorMessage}`}`,
    refused: activities,
  });
};

/** It gets again what it answered 408 or 500 to, which OTLP advises against: a duplicate at worst, known by its uid. */
export const otlp: Sink<typeof secrets> = {
  name: 'otlp',
  secrets,
  async send(activities, secrets, http) {
    const now = new Date();
    const logRecords = activities.map((activity) => toPayload(activity, now));
    const scopeLogs = [{ scope: { name: 'auth0-login-analytics' }, logRecords }];
    const resource = { attributes: toAttributes({ 'service.name': secrets.OTLP_SERVICE_NAME }) };
    const { body } = await http({
      url: `${secrets.OTLP_ENDPOINT}/v1/logs`,
      headers: secrets.OTLP_HEADERS ?? {},
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }),
    });
    checkAnswer(body, activities);
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
  record(otlp, event, api);
