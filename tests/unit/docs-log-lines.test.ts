/** The lines that docs/operations.md explains are those that an Action prints. */
import { describe, expect, it } from 'vitest';
import { ConfigError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import { toLogLine } from '../../lib/log.ts';
import { type Outcome, toDeliveryOutcome, toErrorOutcome } from '../../lib/outcome.ts';
import { LOGIN, SIGN_UP } from '../../tools/scripts/generate/example.ts';
import { readDocument } from '../support/markdown.ts';

const asIs = (message: string): string => message;

const failed = (
  error: unknown,
  { destination = 'splunk', activity = LOGIN, attempts = 1, elapsedMs = 0, dropped = 0 } = {},
): Outcome =>
  toDeliveryOutcome(
    { action: destination, destination, activity },
    { error, attempts, elapsedMs, dropped, buffered: error instanceof UnavailableError },
    asIs,
  );

const delivered = (figures: object = {}, activity = LOGIN, destination = 'splunk'): Outcome =>
  toDeliveryOutcome(
    { action: destination, destination, activity },
    { attempts: 1, elapsedMs: 23, dropped: 0, flushed: 0, flushMs: 0, ...figures },
    asIs,
  );

const busy = new UnavailableError('503 Service Unavailable', {
  status: 503,
  vendorMessage: 'Server is busy',
});
const unavailable = new UnavailableError('503 Service Unavailable', { status: 503 });
const timeout = new UnavailableError('timed out after 3000 ms', { code: 'TIMEOUT' });
const reset = new UnavailableError('connection error: ECONNRESET', { code: 'ECONNRESET' });
const stalled = new UnavailableError('the destination does not respond', { code: 'STALLED' });
const circuitOpen = new UnavailableError('circuit open after 3 consecutive failures', {
  code: 'CIRCUIT_OPEN',
});
const invalidToken = new RejectedError('403 Forbidden', { status: 403, vendorMessage: 'Invalid token' });
const noVendor = new RejectedError("200 OK, but not a response of the vendor's API", { status: 200 });
const invalidData = new RejectedError('400 Bad Request', {
  status: 400,
  vendorMessage: 'Invalid data format',
});
const malformed = new ConfigError(
  new Map([
    ['SPLUNK_HEC_URL', 'must be an https URL without user, query and fragment'],
    ['SPLUNK_HEC_TOKEN', 'is missing'],
  ]),
);

const BASE = { action: 'splunk', destination: 'splunk' };

/** In the order of the document. */
const OUTCOMES: ReadonlyArray<readonly [action: string, ...outcomes: Outcome[]]> = [
  ['splunk', failed(busy, { attempts: 3, elapsedMs: 412 })],
  ['splunk', failed(timeout)],
  ['splunk', failed(reset, { attempts: 3, elapsedMs: 512 })],
  ['splunk', failed(stalled)],
  ['splunk', failed(circuitOpen, { attempts: 0 })],
  ['splunk', failed(circuitOpen, { attempts: 0, dropped: 1 })],
  ['splunk', failed(invalidToken)],
  ['splunk', failed(invalidToken, { activity: SIGN_UP })],
  ['splunk', failed(noVendor)],
  ['splunk', toErrorOutcome(BASE, malformed)],
  ['all', { action: 'all', destination: 'all', status: 'misconfigured', problems: {} }],
  ['splunk', { ...delivered({}, SIGN_UP), metadataWriteFailed: true } as Outcome],
  ['mixpanel', delivered({ profileError: unavailable }, SIGN_UP, 'mixpanel')],
  ['splunk', delivered({ flushRejection: { error: invalidData, activities: [LOGIN] } })],
  ['splunk', delivered({ dropped: 2 })],
  ['splunk', { ...delivered(), propertiesError: 'properties() threw TypeError' }],
  ['splunk', toErrorOutcome(BASE, new TypeError('a secret'))],
  ['splunk', delivered()],
  ['splunk', delivered({ flushed: 2 })],
  [
    'keen',
    {
      action: 'keen',
      destination: 'keen',
      activity: LOGIN,
      status: 'skipped',
      reason: 'KEENIO_LOGIN_COLLECTION is not set',
    },
  ],
  ['splunk', { ...BASE, activity: LOGIN, status: 'skipped', reason: 'EVENTS does not include Login' }],
  ['splunk', { ...BASE, status: 'skipped', reason: 'excluded by EXCLUDE (domain)' }],
  ['splunk', { ...BASE, status: 'skipped', reason: 'silent authentication' }],
  ['all', failed(busy, { destination: 'keen' }), failed(busy, { destination: 'otlp' })],
];

describe('the log lines in docs/operations.md', () => {
  const documented = Array.from(
    readDocument('docs/operations.md').matchAll(/`(\[\w+\] [^`\n]+)`/g),
    ([, line]) => line,
  );

  it('are those that an Action prints', () => {
    const lines = OUTCOMES.map(([action, ...outcomes]) => toLogLine(action, outcomes, true));
    // The last line of the document is the short form, which the test below prints.
    expect(documented.slice(0, -1)).toEqual(lines);
  });

  it('end with the short form, for when many destinations fail', () => {
    const names = ['splunk', 'keen', 'otlp'];
    const words = 'a long explanation '.repeat(12);
    const fail = (destination: string, status: number) =>
      failed(new UnavailableError(`${status}`, { status, vendorMessage: words }), { destination });
    const line = toLogLine(
      'all',
      [
        ...names.map((destination) => failed(timeout, { destination })),
        fail('mixpanel', 500),
        fail('posthog', 502),
        fail('datadog', 503),
      ],
      false,
    );
    expect(line).toBe(documented.at(-1));
  });
});
