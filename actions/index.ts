/** The package's entry. Written by `npm run generate`. */
export { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
export { type ActionOptions, createAction, type Handler } from '../lib/create-action.ts';
export { RejectedError, rejectAt, UnavailableError } from '../lib/errors.ts';
export {
  baseUrl,
  booleanString,
  certificates,
  commaSeparated,
  credential,
  type Format,
  headerList,
  integer,
  oneOf,
  sensitiveString,
  string,
} from '../lib/formats.ts';
export type { Http, HttpRequest, HttpResponse, TlsOptions } from '../lib/http.ts';
export type { LoginApi, LoginEvent } from '../lib/login-event.ts';
export {
  type DeliveredOutcome,
  type FailedOutcome,
  type MisconfiguredOutcome,
  OUTCOME_CHANNEL,
  type Outcome,
  type SkippedOutcome,
} from '../lib/outcome.ts';
export {
  eventNames,
  optional,
  type Problems,
  regional,
  required,
  type Secret,
  type SecretDeclarations,
  type SecretValues,
} from '../lib/secrets.ts';
export { type Activities, defineSink, type Sink } from '../lib/sink.ts';
export { amplitude } from './amplitude.ts';
export { datadog } from './datadog.ts';
export { elastic } from './elastic.ts';
export { keen } from './keen.ts';
export { mixpanel } from './mixpanel.ts';
export { otlp } from './otlp.ts';
export { posthog } from './posthog.ts';
export { segment } from './segment.ts';
export { segmentHttp } from './segment-http.ts';
export { slack } from './slack.ts';
export { splunk } from './splunk.ts';
export { sumo } from './sumo.ts';
export { webhook } from './webhook.ts';
