/** What can go wrong between a login and a destination, and what comes of it: the same at every destination. */
import type { Outcome } from '../../lib/outcome.ts';
import type { Fault } from '../../tools/simulator/vendors/fault.ts';

/** The shortest that can be set, for what ends with the deadline. */
const SHORT_TIMEOUT_MS = 250;
/** No login of the table may come near it. */
export const LONG_TIMEOUT_MS = 10_000;
/** lib/http.ts waits no longer for the body of a response. */
const BODY_TIMEOUT_MS = 250;

/** What a login meets. */
export interface Circumstances {
  /** The destination does this, */
  readonly fault?: Fault;
  /** so many times, or until the fault ends; */
  readonly count?: number;
  /** or redirects to another host, with this status; */
  readonly redirect?: number;
  /** or has been replaced by another server, with this certificate; */
  readonly certificate?: 'valid' | 'expired' | 'for another host' | 'expired and for another host';
  /** or the Action has this URL instead. */
  readonly url?: string;
  /** Where the certificate is trusted. By default nowhere. */
  readonly trusting?: 'TLS_CA_CERT' | 'SPLUNK_CA_CERT' | 'SPLUNK_TLS_VERIFY';
  readonly timeoutMs?: number;
  /** Concerns one destination only. */
  readonly only?: string;
}

/** What comes of it. */
export interface Expectation {
  readonly result: 'delivered' | 'rejected' | 'buffered';
  /** How many requests arrive. */
  readonly requests: number;
  /** Fields of the outcome. */
  readonly outcome: Partial<Record<keyof Extract<Outcome, { status: 'failed' }>, unknown>>;
  /** How long the login waits, give or take the time for a request. */
  readonly waitMs?: number;
}

const delivered = (requests = 1): Expectation => ({
  result: 'delivered',
  requests,
  outcome: { status: 'delivered', attempts: requests },
});

const rejected = (code: number, message: string, hint: string): Expectation => ({
  result: 'rejected',
  requests: 1,
  outcome: {
    status: 'failed',
    reason: 'rejected',
    code: String(code),
    message,
    hint,
    attempts: 1,
    buffered: false,
  },
});

const buffered = (attempts: number, code: string, message: string, hint?: string): Expectation => ({
  result: 'buffered',
  requests: attempts,
  outcome: { status: 'failed', reason: 'unavailable', code, message, hint, attempts, buffered: true },
});

const withoutRequests = (expectation: Expectation): Expectation => ({ ...expectation, requests: 0 });

const CHECK_SECRETS = "check the Action's secrets";
const CHECK_CREDENTIALS = "check the credentials in the Action's secrets";
const CHECK_URL = "check the URL in the Action's secrets";
const CHECK_CERTIFICATE = "check the destination's certificate";

const VENDOR_MESSAGE = '{"text":"as the vendor says"}';
const HTML_PAGE = '<!doctype html><title>Sign in</title>';
/** Keen's response to a single event: no Action sends one. */
const ANOTHER_VENDORS_JSON = '{"created":true}';
const HALF_JSON = '{"text":';

const respond = (status: number, body = VENDOR_MESSAGE, headers: Record<string, string> = {}): Fault => ({
  response: { status, body, headers },
});
const retryAfter = (value: string): Fault => respond(429, VENDOR_MESSAGE, { 'Retry-After': value });

/** What has arrived of it is no JSON when the time for a body is up. */
export const ENDLESS_BODY: Fault = { ...respond(200), trickleBytesPerSecond: 1 };

/** Their receivers, or compatible ones, are documented to accept with an empty body. */
const ACCEPTING_EMPTY = ['splunk', 'datadog', 'otlp', 'webhook', 'sumo'];
/** The receiver of a webhook can respond with anything. */
const ACCEPTING_ANYTHING = ['webhook'];

/** Whether the body of a 2xx decides if an event is accepted. */
export const isDecidedByBody = (name: string): boolean => !ACCEPTING_ANYTHING.includes(name);

const foreign = (status: string): Expectation =>
  rejected(Number(status.slice(0, 3)), `${status}, but not a response of the vendor's API`, CHECK_URL);
const incomplete = buffered(1, '200', '200 OK, but the response body is incomplete');

const ifDecidedByBody =
  (expectation: Expectation) =>
  (name: string): Expectation =>
    isDecidedByBody(name) ? expectation : delivered();
const ifEmptyIsForeign =
  (expectation: Expectation) =>
  (name: string): Expectation =>
    ACCEPTING_EMPTY.includes(name) ? delivered() : expectation;

/** Tcpmux: nobody listens there. */
const CLOSED_PORT = 1;

type Row = readonly [
  name: string,
  Circumstances,
  expectation: Expectation | ((destination: string) => Expectation),
];

export const FAULTS: readonly Row[] = [
  ['400', { fault: respond(400) }, rejected(400, '400 as the vendor says', CHECK_SECRETS)],
  ['401', { fault: respond(401) }, rejected(401, '401 as the vendor says', CHECK_CREDENTIALS)],
  [
    '401 with a page of HTML',
    { fault: respond(401, HTML_PAGE) },
    rejected(401, '401 Unauthorized', CHECK_CREDENTIALS),
  ],
  ['403', { fault: respond(403) }, rejected(403, '403 as the vendor says', CHECK_CREDENTIALS)],
  ['404', { fault: respond(404) }, rejected(404, '404 as the vendor says', CHECK_URL)],
  ['413', { fault: respond(413) }, rejected(413, '413 as the vendor says', CHECK_SECRETS)],
  ['a 302 to another host', { redirect: 302 }, rejected(302, '302 Found', CHECK_URL)],
  ['a 307 to another host', { redirect: 307 }, rejected(307, '307 Temporary Redirect', CHECK_URL)],

  ['408', { fault: respond(408) }, buffered(3, '408', '408 as the vendor says')],
  ['429', { fault: respond(429) }, buffered(3, '429', '429 as the vendor says')],
  ['an empty 500', { fault: respond(500, '') }, buffered(3, '500', '500 Internal Server Error')],
  ['502 with a page of HTML', { fault: respond(502, HTML_PAGE) }, buffered(3, '502', '502 Bad Gateway')],
  ['503', { fault: respond(503) }, buffered(3, '503', '503 as the vendor says')],
  [
    '503 after it processed the event',
    { fault: { ...respond(503), processed: true } },
    buffered(3, '503', '503 as the vendor says'),
  ],
  ['503 twice', { fault: respond(503), count: 2 }, delivered(3)],
  ['504 with half a JSON', { fault: respond(504, HALF_JSON) }, buffered(3, '504', '504 {"text":')],
  ['429 with Retry-After: 0', { fault: retryAfter('0'), count: 1 }, delivered(2)],
  [
    '429 with a Retry-After beyond the deadline',
    { fault: retryAfter('3600') },
    buffered(1, '429', '429 as the vendor says'),
  ],

  ['200 with a page of HTML', { fault: respond(200, HTML_PAGE) }, foreign('200 OK')],
  [
    "200 with another vendor's JSON",
    { fault: { ...respond(200, ANOTHER_VENDORS_JSON), processed: true } },
    ifDecidedByBody(foreign('200 OK')),
  ],
  ['an empty 200', { fault: { ...respond(200, ''), processed: true } }, ifEmptyIsForeign(foreign('200 OK'))],
  ['204', { fault: { ...respond(204, ''), processed: true } }, ifEmptyIsForeign(foreign('204 No Content'))],
  ['200 with 5 MB', { fault: { bodyBytes: 5_000_000, processed: true } }, delivered()],
  [
    '200 that breaks off',
    { fault: { ...respond(200), reset: 'body', processed: true } },
    ifDecidedByBody(incomplete),
  ],
  [
    '200 with a body that never ends',
    { fault: { ...ENDLESS_BODY, processed: true } },
    (name) => ({ ...ifDecidedByBody(incomplete)(name), waitMs: BODY_TIMEOUT_MS }),
  ],
  [
    'headers that never end',
    { fault: { trickleBytesPerSecond: 1, trickleHead: true, processed: true }, timeoutMs: SHORT_TIMEOUT_MS },
    { ...buffered(1, 'TIMEOUT', 'timed out after 250 ms'), waitMs: SHORT_TIMEOUT_MS },
  ],
  [
    'no response, after it processed the event',
    { fault: { hang: true, processed: true }, timeoutMs: SHORT_TIMEOUT_MS },
    { ...buffered(1, 'TIMEOUT', 'timed out after 250 ms'), waitMs: SHORT_TIMEOUT_MS },
  ],

  [
    'a reset before the body',
    { fault: { reset: 'before' } },
    buffered(3, 'ECONNRESET', 'connection error: ECONNRESET'),
  ],
  [
    'a reset after the body',
    { fault: { reset: 'after' } },
    buffered(3, 'ECONNRESET', 'connection error: ECONNRESET'),
  ],
  [
    'a reset after it processed the event',
    { fault: { reset: 'after', processed: true } },
    buffered(3, 'ECONNRESET', 'connection error: ECONNRESET'),
  ],
  [
    'a refused connection',
    { url: `http://127.0.0.1:${CLOSED_PORT}` },
    withoutRequests(buffered(3, 'ECONNREFUSED', 'cannot connect: ECONNREFUSED')),
  ],
  [
    'an unknown host',
    { url: 'https://collector.invalid' },
    withoutRequests(buffered(1, 'ENOTFOUND', 'cannot connect: ENOTFOUND', CHECK_URL)),
  ],

  [
    'a self-signed certificate',
    { certificate: 'valid' },
    withoutRequests(
      buffered(
        1,
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'cannot connect: DEPTH_ZERO_SELF_SIGNED_CERT',
        CHECK_CERTIFICATE,
      ),
    ),
  ],
  [
    'an expired certificate',
    { certificate: 'expired', trusting: 'TLS_CA_CERT' },
    withoutRequests(buffered(1, 'CERT_HAS_EXPIRED', 'cannot connect: CERT_HAS_EXPIRED', CHECK_CERTIFICATE)),
  ],
  [
    'a certificate for another host',
    { certificate: 'for another host', trusting: 'TLS_CA_CERT' },
    withoutRequests(
      buffered(
        1,
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'cannot connect: ERR_TLS_CERT_ALTNAME_INVALID',
        CHECK_CERTIFICATE,
      ),
    ),
  ],
  ['a certificate that TLS_CA_CERT trusts', { certificate: 'valid', trusting: 'TLS_CA_CERT' }, delivered()],
  [
    'a certificate that SPLUNK_CA_CERT trusts',
    { certificate: 'valid', trusting: 'SPLUNK_CA_CERT', only: 'splunk' },
    delivered(),
  ],
  [
    'a certificate that SPLUNK_TLS_VERIFY=false accepts',
    { certificate: 'expired and for another host', trusting: 'SPLUNK_TLS_VERIFY', only: 'splunk' },
    delivered(),
  ],
];

/** What the flush of two buffered Logins meets, after a SignUp that is delivered in any case. */
export interface FlushRow {
  readonly fault: Fault;
  /** How many requests arrive, the SignUp's own included. */
  readonly requests: number;
  /** How many Logins are delivered. */
  readonly flushed: number;
  /** The Logins that are rejected and dropped. */
  readonly rejected?: { readonly count: number; readonly message: string };
  /** How many Logins are buffered before. Two by default. */
  readonly buffered?: number;
  /** How long the flush takes, give or take the time for a request. */
  readonly waitMs?: number;
  readonly only?: string;
  /** What is different where the destination accepts one activity a request. */
  readonly single?: Partial<FlushRow>;
}

const NOTHING_FLUSHED = { requests: 2, flushed: 0 };
/** The only one in its request, so nothing else can be to blame. */
const rejectsOne = (message: string) => ({ rejected: { count: 1, message } });

/** Keen's response to a batch in which the second event is to blame. */
const KEEN_RESULTS =
  '{"logins":[{"success":true},{"success":false,"error":{"name":"E","description":"as the vendor says"}}]}';

export const FLUSH_FAULTS: ReadonlyArray<readonly [name: string, FlushRow]> = [
  ['no fault', { fault: {}, requests: 2, flushed: 2, single: { requests: 3 } }],
  ['400', { ...NOTHING_FLUSHED, fault: respond(400), single: rejectsOne('400 as the vendor says') }],
  ['401', { ...NOTHING_FLUSHED, fault: respond(401), single: rejectsOne('401 as the vendor says') }],
  [
    '400 for a single Login',
    { ...NOTHING_FLUSHED, fault: respond(400), buffered: 1, ...rejectsOne('400 as the vendor says') },
  ],
  [
    '200 with a page of HTML',
    {
      ...NOTHING_FLUSHED,
      fault: respond(200, HTML_PAGE),
      single: rejectsOne("200 OK, but not a response of the vendor's API"),
    },
  ],
  ['503', { ...NOTHING_FLUSHED, fault: respond(503) }],
  ['503 after it processed the batch', { ...NOTHING_FLUSHED, fault: { ...respond(503), processed: true } }],
  ['no response', { ...NOTHING_FLUSHED, fault: { hang: true }, waitMs: 250 }],
  // On a connection that is reused it may have been closed long ago, hence the third request.
  ['a reset', { ...NOTHING_FLUSHED, fault: { reset: 'after', processed: true }, requests: 3 }],
  [
    '200 with an error inside',
    {
      ...NOTHING_FLUSHED,
      fault: { ...respond(200, KEEN_RESULTS), processed: true },
      flushed: 1,
      ...rejectsOne('as the vendor says'),
      only: 'keen',
    },
  ],
];
