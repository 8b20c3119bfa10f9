import type { Activity } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { RejectedError } from '../lib/errors.ts';
import { format, headerList, NOT_A_BASE_URL, string, toBaseUrl } from '../lib/formats.ts';
import { optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { getRejection, isAcceptance, isTooOld, toAttributes, toNanoseconds } from './shared/otlp.ts';

const endpoint = format(NOT_A_BASE_URL, (input) => toBaseUrl(input.replace(/\/v1\/logs\/*$/, '')));

const secrets = {
  OTLP_ENDPOINT: required(
    endpoint,
    'URL to which `/v1/logs` is added, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `https://otlp-gateway-prod-us-east-0.grafana.net/otlp`',
  ),
  OTLP_HEADERS: optional(
    headerList,
    'Credentials as headers, as in `OTEL_EXPORTER_OTLP_HEADERS`: `Authorization=Basic%20…` or `api-key=…`, `%20` for a space',
  ),
  OTLP_SERVICE_NAME: optional(string, '`service.name` of the log records', 'auth0'),
};

type Secrets = SecretValues<typeof secrets>;

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

const EVENT_NAMES = { SignUp: 'auth0.signup', Login: 'auth0.login' };

/** The log record. Records with the same `log.record.uid` are duplicates, which the backend may remove. */
const toPayload = (activity: Activity, _secrets: Secrets, now: Date) => {
  const { user, application, connection, organization, request } = activity;
  return {
    timeUnixNano: isTooOld(activity.time, now) ? undefined : toNanoseconds(activity.time),
    observedTimeUnixNano: toNanoseconds(now),
    severityNumber: INFO,
    eventName: EVENT_NAMES[activity.type],
    body: { stringValue: activity.type },
    attributes: toAttributes({
      'log.record.uid': activity.id,
      // For backends that do not show `eventName`, which is younger.
      'event.name': EVENT_NAMES[activity.type],
      'user.id': user.id,
      'user.full_name': user.name,
      'user.email': user.email,
      'client.address': request.ip,
      'user_agent.original': request.userAgent,
      'geo.country.iso_code': request.country,
      'geo.locality.name': request.city,
      'auth0.occurred_at': isTooOld(activity.time, now) ? activity.time : undefined,
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

export const otlp = defineSink({
  name: 'otlp',
  title: 'OpenTelemetry, logs over OTLP/HTTP',
  docs: [
    'https://opentelemetry.io/docs/specs/otlp/#otlphttp',
    'https://opentelemetry.io/docs/specs/otel/logs/data-model/',
    'https://opentelemetry.io/docs/specs/semconv/registry/attributes/',
  ],
  secrets,
  toPayload,
  async send(activities, secrets, http) {
    const now = new Date();
    const logRecords = activities.map((activity) => toPayload(activity, secrets, now));
    const resource = { attributes: toAttributes({ 'service.name': secrets.OTLP_SERVICE_NAME }) };
    const scopeLogs = [{ scope: { name: 'auth0-login-analytics' }, logRecords }];
    const { body } = await http({
      url: `${secrets.OTLP_ENDPOINT}/v1/logs`,
      headers: secrets.OTLP_HEADERS ?? {},
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }),
      isAccepted: ({ body }) => isAcceptance(body),
    });
    // A 200 can reject some records without naming them, and nothing may be sent again: all count as rejected.
    const rejection = getRejection(body);
    if (rejection)
      throw new RejectedError('log records were rejected', {
        vendorMessage: rejection,
        rejected: activities,
      });
  },
});

export const onExecutePostLogin = createAction(otlp);
