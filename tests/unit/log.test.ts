import { describe, expect, it } from 'vitest';
import { LINE_LIMIT_CHARS, toLogLine } from '../../lib/log.ts';
import type {
  DeliveredOutcome,
  FailedOutcome,
  MisconfiguredOutcome,
  Outcome,
  SkippedOutcome,
} from '../../lib/outcome.ts';
import { LOGIN, SIGN_UP } from '../support/events.ts';

const NINE = [
  'splunk',
  'keen',
  'segment-http',
  'mixpanel',
  'amplitude',
  'posthog',
  'otlp',
  'webhook',
  'datadog',
] as const;

const CHECK_CREDENTIALS = "check the credentials in the Action's secrets";

const failed = (changes: Partial<FailedOutcome> = {}): FailedOutcome => ({
  action: 'all',
  destination: 'splunk',
  activity: LOGIN,
  status: 'failed',
  reason: 'unavailable',
  code: '503',
  message: '503 Server is busy',
  attempts: 3,
  elapsedMs: 412,
  buffered: true,
  dropped: 0,
  ...changes,
});

const rejected = (changes: Partial<FailedOutcome> = {}): FailedOutcome =>
  failed({
    reason: 'rejected',
    code: '403',
    message: '403 Invalid token',
    hint: CHECK_CREDENTIALS,
    attempts: 1,
    buffered: false,
    ...changes,
  });

const delivered = (changes: Partial<DeliveredOutcome> = {}): DeliveredOutcome => ({
  action: 'all',
  destination: 'splunk',
  activity: LOGIN,
  status: 'delivered',
  attempts: 1,
  elapsedMs: 12,
  flushed: 0,
  flushMs: 0,
  dropped: 0,
  ...changes,
});

const skipped = (changes: Partial<SkippedOutcome> = {}): SkippedOutcome => ({
  action: 'all',
  destination: 'keen',
  activity: LOGIN,
  status: 'skipped',
  reason: 'KEENIO_LOGIN_COLLECTION is not set',
  ...changes,
});

const misconfigured = (
  problems: MisconfiguredOutcome['problems'],
  destination = 'splunk',
): MisconfiguredOutcome => ({ action: 'all', destination, status: 'misconfigured', problems });

/** The line of an Action with one destination. */
const toSplunkLine = (outcome: Outcome, includeSuccesses = true) =>
  toLogLine('splunk', [outcome], includeSuccesses);

describe('toLogLine, for one destination', () => {
  it.each<{ outcome: Outcome; line: string }>([
    { outcome: failed(), line: 'Login failed: 503 Server is busy (3 attempts, 0.4 s); buffered for retry' },
    {
      outcome: failed({ message: 'timed out after 3000 ms', code: 'TIMEOUT', attempts: 1 }),
      line: 'Login failed: timed out after 3000 ms; buffered for retry',
    },
    {
      outcome: failed({ message: 'circuit open after 3 consecutive failures', attempts: 0 }),
      line: 'Login failed: circuit open after 3 consecutive failures; buffered for retry',
    },
    {
      outcome: failed({ attempts: 1, dropped: 1 }),
      line: 'Login failed: 503 Server is busy; buffered for retry, 1 older dropped',
    },
    {
      outcome: failed({
        message: 'cannot connect: CERT_HAS_EXPIRED',
        attempts: 1,
        hint: "check the destination's certificate",
      }),
      line: "Login failed: cannot connect: CERT_HAS_EXPIRED; buffered for retry; check the destination's certificate",
    },
    {
      outcome: failed({ attempts: 2, elapsedMs: 90 }),
      line: 'Login failed: 503 Server is busy (2 attempts, 0.1 s); buffered for retry',
    },
    { outcome: failed({ buffered: false }), line: 'Login failed: 503 Server is busy (3 attempts, 0.4 s)' },
    { outcome: rejected(), line: `Login failed: 403 Invalid token; ${CHECK_CREDENTIALS}` },
    {
      outcome: rejected({ activity: SIGN_UP }),
      line: `SignUp failed: 403 Invalid token; will be sent again at the user's next login; ${CHECK_CREDENTIALS}`,
    },
    {
      outcome: rejected({ message: '429 Too Many Requests', hint: undefined }),
      line: 'Login failed: 429 Too Many Requests',
    },
    {
      outcome: failed({
        reason: 'internal',
        code: 'TypeError',
        message: 'unexpected TypeError',
        activity: SIGN_UP,
      }),
      line: 'internal error while recording the SignUp: TypeError',
    },
    {
      outcome: failed({ reason: 'internal', code: 'TypeError', activity: undefined }),
      line: 'internal error while recording the Login: TypeError',
    },
    {
      outcome: delivered({ activity: SIGN_UP, metadataWriteFailed: true }),
      line: 'SignUp delivered, but setAppMetadata failed: it will be sent again',
    },
    {
      outcome: delivered({ activity: SIGN_UP, profileError: '401 No token' }),
      line: 'SignUp delivered in 12 ms; profile not set: 401 No token',
    },
    {
      outcome: delivered({ flushRejected: { count: 1, message: '400 Too long' } }),
      line: 'Login delivered in 12 ms; 1 buffered event rejected and dropped: 400 Too long',
    },
    {
      outcome: delivered({ flushed: 7, flushRejected: { count: 2, message: '400 Too long' } }),
      line: 'Login delivered in 12 ms, plus 7 buffered; 2 buffered events rejected and dropped: 400 Too long',
    },
    {
      outcome: delivered({ dropped: 2 }),
      line: 'Login delivered in 12 ms; 2 buffered dropped: the secrets have changed',
    },
    {
      outcome: misconfigured({ SPLUNK_HEC_TOKEN: 'is missing', SPLUNK_HEC_URL: 'must be an https URL' }),
      line: 'Not configured: SPLUNK_HEC_TOKEN is missing; SPLUNK_HEC_URL must be an https URL',
    },
  ])('reports what happened and who must act: $line', ({ outcome, line }) => {
    expect(toSplunkLine(outcome, false)).toBe(`[splunk] ${line}`);
  });

  it.each<{ outcome: Outcome; line: string }>([
    { outcome: delivered({ activity: SIGN_UP }), line: 'SignUp delivered in 12 ms' },
    { outcome: delivered({ flushed: 7, flushMs: 30 }), line: 'Login delivered in 12 ms, plus 7 buffered' },
    {
      outcome: skipped({ destination: 'splunk' }),
      line: 'Login skipped: KEENIO_LOGIN_COLLECTION is not set',
    },
    {
      outcome: skipped({ destination: 'splunk', activity: undefined, reason: 'silent authentication' }),
      line: 'Skipped: silent authentication',
    },
  ])('reports a success or a skipped login with LOG=all only: $line', ({ outcome, line }) => {
    expect(toSplunkLine(outcome, true)).toBe(`[splunk] ${line}`);
    expect(toSplunkLine(outcome, false)).toBeUndefined();
  });

  it('names the secrets alone if what is wrong with them is too long', () => {
    const names = Array.from({ length: 14 }, (_, index) => `SECRET_${index}`);
    const problems = Object.fromEntries(names.map((name) => [name, 'must be true or false']));
    expect(toSplunkLine(misconfigured(problems))).toBe(
      `[splunk] Not configured, correct ${names.join(', ')}`,
    );
  });

  it('cuts a long message of the vendor, and no other part of the line', () => {
    const message = `400 ${'word '.repeat(60)}`;
    const hint = 'the receiver has unsubscribed: unbind the Action, or change its URL';
    const line = toLogLine(
      'segment-http',
      [rejected({ destination: 'segment-http', activity: SIGN_UP, message, hint })],
      false,
    );
    expect(line).toBe(
      `[segment-http] SignUp failed: ${message.slice(0, 79)}…; will be sent again at the user's next login; ${hint}`,
    );
    expect(line?.length).toBeLessThanOrEqual(LINE_LIMIT_CHARS);
  });

  it.each<[Outcome]>([
    [
      failed({
        activity: SIGN_UP,
        message: 'W'.repeat(300),
        elapsedMs: 10_000,
        dropped: 200,
        hint: "check the destination's certificate",
      }),
    ],
    [
      delivered({
        activity: SIGN_UP,
        elapsedMs: 10_000,
        flushed: 200,
        flushRejected: { count: 200, message: 'W'.repeat(300) },
        dropped: 200,
      }),
    ],
    [delivered({ activity: SIGN_UP, elapsedMs: 10_000, profileError: 'W'.repeat(300) })],
  ])('fits into 255 characters, with the beginning of the message: %#', (outcome) => {
    const line = toSplunkLine(outcome, true);
    expect(line?.length).toBeLessThanOrEqual(LINE_LIMIT_CHARS);
    expect(line).toContain('W'.repeat(79));
  });

  it('prints as many characters as Auth0 stores', () => {
    expect(LINE_LIMIT_CHARS).toBe(255);
    const toLine = (length: number) =>
      toSplunkLine(rejected({ message: 'W'.repeat(length), hint: undefined }));
    const { length } = '[splunk] Login failed: ';
    expect(toLine(LINE_LIMIT_CHARS - length)).toBe(
      `[splunk] Login failed: ${'W'.repeat(LINE_LIMIT_CHARS - length)}`,
    );
    expect(toLine(LINE_LIMIT_CHARS - length + 1)).toBe(`[splunk] Login failed: ${'W'.repeat(79)}…`);
  });
});

describe('toLogLine, for several destinations', () => {
  it('names the destination of each part', () => {
    const outcomes = [failed({ attempts: 1 }), rejected({ destination: 'keen' })];
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] splunk: Login failed: 503 Server is busy; buffered for retry; ' +
        `keen: Login failed: 403 Invalid token; ${CHECK_CREDENTIALS}`,
    );
  });

  it('reports once what several have in common, without their durations', () => {
    const outcomes = [
      failed({ elapsedMs: 412 }),
      failed({ destination: 'keen', elapsedMs: 500, attempts: 2 }),
      failed({ destination: 'otlp', elapsedMs: 600 }),
    ];
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] splunk, keen, otlp: Login failed: 503 Server is busy; buffered for retry',
    );
  });

  it('reports successes once, without their durations', () => {
    const outcomes = NINE.map((destination, index) => delivered({ destination, elapsedMs: index }));
    expect(toLogLine('all', outcomes, true)).toBe(`[all] ${NINE.join(', ')}: Login delivered`);
  });

  it('reports failures first', () => {
    const outcomes = [
      delivered({ destination: 'keen' }),
      skipped({ destination: 'datadog' }),
      failed({ attempts: 1 }),
      delivered({ destination: 'otlp', dropped: 2 }),
    ];
    expect(toLogLine('all', outcomes, true)).toBe(
      '[all] splunk: Login failed: 503 Server is busy; buffered for retry; ' +
        'otlp: Login delivered in 12 ms; 2 buffered dropped: the secrets have changed; ' +
        'keen: Login delivered in 12 ms; datadog: Login skipped: KEENIO_LOGIN_COLLECTION is not set',
    );
  });

  it('says nothing of successes and skipped logins without LOG=all', () => {
    expect(toLogLine('all', [delivered(), skipped()], false)).toBeUndefined();
    expect(toLogLine('all', [delivered(), skipped(), failed({ destination: 'otlp' })], false)).toBe(
      '[all] otlp: Login failed: 503 Server is busy (3 attempts, 0.4 s); buffered for retry',
    );
  });

  it('leaves successes out before it says less of a failure', () => {
    const failure = failed({ destination: 'otlp', message: `503 ${'word '.repeat(15)}` });
    const successes = NINE.map((destination, index) => delivered({ destination, flushed: index + 1 }));
    const line = toLogLine('all', [...successes, failure], true);
    expect(line).toBe(toLogLine('all', [failure], false));
    expect(line).toContain(failure.message);
  });

  it('cuts successes where they are all there is', () => {
    const successes = NINE.map((destination, index) => delivered({ destination, flushed: index + 1 }));
    const line = toLogLine('all', successes, true);
    expect(line).toMatch(/^\[all\] splunk: Login delivered in 12 ms, plus 1 buffered; keen: .+…$/);
    expect(line).toHaveLength(LINE_LIMIT_CHARS);
  });

  const CAUSES: ReadonlyArray<readonly [code: string, message: string]> = [
    ['TIMEOUT', 'timed out after 3000 ms'],
    ['503', '503 HEC is unhealthy, queues are full, ack service unavailable'],
    ['429', '429 Too Many Requests'],
    ['ECONNREFUSED', 'cannot connect: ECONNREFUSED'],
    ['ECONNRESET', 'connection error: ECONNRESET'],
    ['ENOTFOUND', 'cannot connect: ENOTFOUND'],
    ['CERT_HAS_EXPIRED', 'cannot connect: CERT_HAS_EXPIRED'],
    ['HPE_INVALID_CONSTANT', 'malformed HTTP response: HPE_INVALID_CONSTANT'],
    ['CIRCUIT_OPEN', 'circuit open after 3 consecutive failures'],
  ];

  const downForNineCauses = NINE.map((destination, index) => {
    const [code = '', message = ''] = CAUSES[index] ?? [];
    return failed({ destination, activity: SIGN_UP, code, message });
  });

  it('names every cause and what becomes of the event with nine destinations down', () => {
    const line = toLogLine('all', downForNineCauses, false);
    expect(line).toBe(
      '[all] SignUp failed, buffered for retry: splunk TIMEOUT, keen 503, segment-http 429, ' +
        'mixpanel ECONNREFUSED, amplitude ECONNRESET, posthog ENOTFOUND, otlp CERT_HAS_EXPIRED, ' +
        'webhook HPE_INVALID_CONSTANT, datadog CIRCUIT_OPEN',
    );
    expect(line?.length).toBeLessThanOrEqual(LINE_LIMIT_CHARS);
  });

  it('names every cause with nine destinations down of which some will not be retried', () => {
    const outcomes = downForNineCauses.map((outcome, index) =>
      index < 3
        ? rejected({
            destination: outcome.destination,
            activity: SIGN_UP,
            code: String(401 + index),
            message: `${401 + index} ${'word '.repeat(10)}`,
          })
        : outcome,
    );
    const line = toLogLine('all', outcomes, false);
    expect(line).toBe(
      '[all] SignUp failed, will be sent again: splunk 401, keen 402, segment-http 403; ' +
        'SignUp failed, buffered for retry: mixpanel ECONNREFUSED, amplitude ECONNRESET, ' +
        'posthog ENOTFOUND, otlp CERT_HAS_EXPIRED, webhook HPE_INVALID_CONSTANT, datadog CIRCUIT_OPEN',
    );
    expect(line?.length).toBeLessThanOrEqual(LINE_LIMIT_CHARS);
  });

  it('says the same with LOG=all, whatever was delivered', () => {
    const success = delivered({ destination: 'tenth' });
    expect(toLogLine('all', [success, ...downForNineCauses], true)).toBe(
      toLogLine('all', downForNineCauses, false),
    );
  });

  it('names destinations with the same cause together', () => {
    const outcomes = NINE.map((destination, index) =>
      failed({
        destination,
        dropped: index,
        ...(index % 2 === 0
          ? { code: 'TIMEOUT', message: 'timed out after 3000 ms' }
          : { code: '503', message: '503 Service Unavailable' }),
      }),
    );
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] Login failed, buffered for retry: ' +
        'splunk+segment-http+amplitude+otlp+datadog timed out after 3000 ms, ' +
        'keen+mixpanel+posthog+webhook 503 Service Unavailable',
    );
  });

  it('keeps failures of different consequence apart where the line is short of room', () => {
    const message = 'word '.repeat(15);
    const outcomes = [
      failed({ destination: 'splunk', message }),
      rejected({ destination: 'keen', message, code: '400' }),
      rejected({ destination: 'otlp', message, activity: SIGN_UP }),
      failed({ destination: 'mixpanel', reason: 'internal', code: 'TypeError', message, buffered: false }),
      delivered({ destination: 'webhook', dropped: 3 }),
      misconfigured({ DATADOG_API_KEY: 'is missing' }, 'datadog'),
    ];
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] Login failed, buffered for retry: splunk 503; Login failed: keen 400, mixpanel TypeError; ' +
        'SignUp failed, will be sent again: otlp 403; With problems: webhook; ' +
        'Not configured: datadog',
    );
  });

  it('cuts what does not fit even so', () => {
    const outcomes = Array.from({ length: 40 }, (_, index) =>
      failed({ destination: `destination-${index}`, code: `CODE_${index}` }),
    );
    const line = toLogLine('all', outcomes, false);
    expect(line).toMatch(/^\[all\] Login failed, buffered for retry: destination-0 CODE_0, .*…$/);
    expect(line).toHaveLength(LINE_LIMIT_CHARS);
  });
});

describe('toLogLine, for destinations that are not configured', () => {
  it('says what is wrong with each', () => {
    const outcomes = [misconfigured({ TOKEN: 'is missing' }), misconfigured({ KEY: 'is missing' }, 'keen')];
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] splunk: Not configured: TOKEN is missing; keen: Not configured: KEY is missing',
    );
  });

  it('says once what is wrong for all of them', () => {
    const problems = { DELIVERY_TIMEOUT_MS: 'must be a whole number from 250 to 10000' };
    const outcomes = NINE.map((destination) => misconfigured(problems, destination));
    expect(toLogLine('all', outcomes, false)).toBe(
      `[all] ${NINE.join(', ')}: Not configured: DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000`,
    );
  });

  it('names the secrets of each where the line is short of room', () => {
    const problem = 'must be an https URL without user, query and fragment';
    const outcomes = NINE.slice(0, 4).map((destination, index) =>
      misconfigured({ [`URL_${index}`]: problem, LOG: 'must be failures or all' }, destination),
    );
    expect(toLogLine('all', outcomes, false)).toBe(
      '[all] Not configured: splunk URL_0 LOG, keen URL_1 LOG, segment-http URL_2 LOG, mixpanel URL_3 LOG',
    );
  });

  it('says that no destination is configured', () => {
    expect(toLogLine('all', [misconfigured({}, 'all')], false)).toBe(
      '[all] no destination configured: set the secrets of at least one',
    );
  });
});
