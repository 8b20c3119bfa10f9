import type { Activity } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { RejectedError } from '../lib/errors.ts';
import { format, headerList, NOT_A_BASE_URL, string, toBaseUrl } from '../lib/formats.ts';
import { LIBRARY } from '../lib/library.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import {
  getRejection,
  isAcceptance,
  isTooOld,
  toActivityAttributes,
  toAttributes,
  toNanoseconds,
} from './shared/otlp.ts';

const endpoint = format(NOT_A_BASE_URL, (input) => toBaseUrl(input.replace(/\/v1\/logs\/*$/, '')));

const names = eventNames('OTLP', 'auth0.signup', 'auth0.login');

const secrets = {
  OTLP_ENDPOINT: required(
    endpoint,
    'URL to which `/v1/logs` is added, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `https://otlp-gateway-prod-us-east-0.grafana.net/otlp`',
  ),
  OTLP_HEADERS: optional(
    headerList,
    'Credentials as headers, as in `OTEL_EXPORTER_OTLP_HEADERS`: `Authorization=Basic%20…` or `api-key=…`, `%20` for a space',
  ),
  ...names.secrets,
  OTLP_SERVICE_NAME: optional(string, '`service.name` of the log records', 'auth0'),
};

type Secrets = SecretValues<typeof secrets>;

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

/** The log record. Records with the same `log.record.uid` are duplicates, which the backend may remove. */
const toPayload = (activity: Activity, secrets: Secrets, now: Date) => {
  const eventName = names.getEventName(activity, secrets);
  return {
    timeUnixNano: isTooOld(activity.time, now) ? undefined : toNanoseconds(activity.time),
    observedTimeUnixNano: toNanoseconds(now),
    severityNumber: INFO,
    severityText: 'INFO',
    eventName,
    body: { stringValue: activity.type },
    attributes: toAttributes({
      ...activity.user.properties,
      ...activity.properties,
      'log.record.uid': activity.id,
      // For backends that do not show `eventName`, which is younger.
      'event.name': eventName,
      ...toActivityAttributes(activity),
      'auth0.occurred_at': isTooOld(activity.time, now) ? activity.time : undefined,
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
    const scopeLogs = [{ scope: LIBRARY, logRecords }];
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
