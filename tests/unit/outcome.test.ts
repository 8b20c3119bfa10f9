import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Delivery } from '../../lib/deliver.ts';
import { ConfigError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import {
  OUTCOME_CHANNEL,
  type Outcome,
  publish,
  type Redact,
  toDeliveryOutcome,
  toErrorOutcome,
} from '../../lib/outcome.ts';
import { LOGIN, someLogins } from '../support/events.ts';

const BASE = { action: 'all', destination: 'splunk', activity: LOGIN };

const maskToken: Redact = (message) => message.replaceAll('t0ken', '***');

const toOutcome = (delivery: Delivery): Outcome => toDeliveryOutcome(BASE, delivery, maskToken);

/** The outcome of a delivery that failed. */
const toFailedOutcome = (error: unknown, figures: object = {}): Outcome =>
  toOutcome({ error, attempts: 3, elapsedMs: 412, buffered: true, dropped: 0, ...figures });

describe('toDeliveryOutcome', () => {
  it('reports a delivery', () => {
    const figures = { attempts: 2, elapsedMs: 120, flushed: 7, flushMs: 30, dropped: 0 };
    expect(toOutcome(figures)).toEqual({ ...BASE, status: 'delivered', ...figures });
  });

  it('reports buffered activities that were rejected', () => {
    const error = new RejectedError('400 Bad Request', { status: 400, vendorMessage: 'No t0ken' });
    const flushRejection = { error, activities: someLogins(2) };
    const delivery = { attempts: 1, elapsedMs: 12, flushed: 0, flushMs: 5, dropped: 0, flushRejection };
    const outcome = toOutcome(delivery);
    expect(outcome).toMatchObject({ flushRejected: { count: 2, message: '400 No ***' } });
    expect(outcome).not.toHaveProperty('flushRejection');
  });

  it('reports a profile that was not set', () => {
    const profileError = new RejectedError('401 Unauthorized', { status: 401, vendorMessage: 'No t0ken' });
    const delivery = { attempts: 1, elapsedMs: 12, flushed: 0, flushMs: 0, dropped: 0, profileError };
    expect(toOutcome(delivery)).toMatchObject({ status: 'delivered', profileError: '401 No ***' });
  });

  it.each<[string, unknown, object]>([
    [
      "an unavailable destination in the vendor's words",
      new UnavailableError('503 Service Unavailable', { status: 503, vendorMessage: 'Server is busy' }),
      { reason: 'unavailable', code: '503', message: '503 Server is busy', hint: undefined },
    ],
    [
      "an unavailable destination in Node's words where the vendor has none",
      new UnavailableError('503 Service Unavailable', { status: 503 }),
      { reason: 'unavailable', code: '503', message: '503 Service Unavailable' },
    ],
    [
      'a timeout by its code',
      new UnavailableError('timed out after 3000 ms', { code: 'TIMEOUT' }),
      { reason: 'unavailable', code: 'TIMEOUT', message: 'timed out after 3000 ms' },
    ],
    [
      'a failure without status and code by its name',
      new UnavailableError('not now'),
      { reason: 'unavailable', code: 'UnavailableError', message: 'not now' },
    ],
    [
      'a rejection with who must act',
      new RejectedError('401 Unauthorized', { status: 401, vendorMessage: 'Invalid t0ken' }),
      {
        reason: 'rejected',
        code: '401',
        message: '401 Invalid ***',
        hint: "check the credentials in the Action's secrets",
      },
    ],
    [
      "a rejection without a status in the vendor's words",
      new RejectedError('an event was rejected', { vendorMessage: 'Too many properties' }),
      { reason: 'rejected', code: 'RejectedError', message: 'Too many properties' },
    ],
    [
      'a message that begins with the status itself',
      new RejectedError('404 Not Found', { status: 404, vendorMessage: '404 page not found' }),
      { code: '404', message: '404 page not found' },
    ],
    [
      'a throttled user, for whom nobody must act',
      new RejectedError('429 Too Many Requests', { status: 429 }),
      { reason: 'rejected', code: '429', hint: undefined },
    ],
    [
      'an error of the sink without its words',
      new TypeError('t0ken is not iterable'),
      {
        reason: 'internal',
        code: 'TypeError',
        message: 'unexpected TypeError',
        stack: expect.stringMatching(/^ +at .*outcome\.test\.ts:\d+:\d+/),
      },
    ],
    ['a thrown string', 't0ken', { reason: 'internal', code: 'string', message: 'unexpected string' }],
    ['undefined', undefined, { reason: 'internal', code: 'undefined' }],
    ['null', null, { reason: 'internal', code: 'object' }],
    [
      'an error whose name is none',
      Object.assign(new Error(), { name: 't0ken of Ada' }),
      { reason: 'internal', code: 'object' },
    ],
  ])('reports %s', (_, error, expected) => {
    expect(toFailedOutcome(error)).toMatchObject({ ...BASE, status: 'failed', ...expected });
  });

  it('reports attempts, time and what becomes of the activity', () => {
    const figures = { attempts: 3, elapsedMs: 412, buffered: true, dropped: 2 };
    expect(toFailedOutcome(new UnavailableError('503'), figures)).toMatchObject(figures);
  });

  it("uses Node's words where nothing of the vendor's can be quoted", () => {
    const error = new RejectedError('400 Bad Request', { status: 400, vendorMessage: 't0ken' });
    const delivery = { error, attempts: 1, elapsedMs: 1, buffered: false, dropped: 0 };
    expect(toDeliveryOutcome(BASE, delivery, () => '')).toMatchObject({ message: '400 Bad Request' });
  });
});

describe('toErrorOutcome', () => {
  it('reports what is wrong with the secrets', () => {
    const error = new ConfigError(new Map([['SPLUNK_HEC_TOKEN', 'is missing']]));
    expect(toErrorOutcome({ action: 'all', destination: 'splunk' }, error)).toEqual({
      action: 'all',
      destination: 'splunk',
      status: 'misconfigured',
      problems: { SPLUNK_HEC_TOKEN: 'is missing' },
    });
  });

  it('reports any other error without its words', () => {
    expect(toErrorOutcome(BASE, new RangeError('t0ken'))).toEqual({
      ...BASE,
      status: 'failed',
      reason: 'internal',
      code: 'RangeError',
      message: 'unexpected RangeError',
      stack: expect.not.stringContaining('t0ken'),
      attempts: 0,
      elapsedMs: 0,
      buffered: false,
      dropped: 0,
    });
  });
});

describe('publish', () => {
  it('publishes an outcome on the documented channel', () => {
    const received: unknown[] = [];
    const receive = (message: unknown) => void received.push(message);
    subscribe('auth0-login-analytics:outcome', receive);
    onTestFinished(() => void unsubscribe('auth0-login-analytics:outcome', receive));
    const outcome = toOutcome({ attempts: 1, elapsedMs: 12, flushed: 0, flushMs: 0, dropped: 0 });
    publish(outcome);
    expect(received).toEqual([outcome]);
    expect(OUTCOME_CHANNEL).toBe('auth0-login-analytics:outcome');
  });
});
