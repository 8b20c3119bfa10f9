import type { VendorResponse } from './vendor-response.ts';

const WRONG_CREDENTIALS = {
  meaning: 'the credentials are not accepted',
  remedy:
    'OTLP_HEADERS must hold them as the vendor documents OTEL_EXPORTER_OTLP_HEADERS, with %20 for a space',
};
const WRONG_URL = {
  meaning: 'no logs are accepted at this URL',
  remedy:
    'OTLP_ENDPOINT must be the one for OTLP over HTTP, not gRPC, as the vendor documents OTEL_EXPORTER_OTLP_ENDPOINT',
};

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
export const responses: readonly VendorResponse[] = [
  {
    status: 400,
    meaning: 'the receiver does not accept what the Action sends, or OTLP_HEADERS lacks a header',
    remedy: 'ask the vendor',
  },
  { status: 401, ...WRONG_CREDENTIALS },
  { status: 403, ...WRONG_CREDENTIALS },
  { status: 404, ...WRONG_URL },
  { status: 405, ...WRONG_URL },
  {
    status: 415,
    meaning: 'the receiver accepts Protobuf only, not JSON',
    remedy: 'put an OpenTelemetry Collector in front of it, which converts one to the other',
  },
  {
    status: 429,
    meaning: 'the account is over its rate limit',
    remedy: 'try again later, or ask the vendor for a higher limit',
  },
];
