import { describe, expect, it } from 'vitest';
import { FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import type { DeliveredOutcome, FailedOutcome } from '../../lib/outcome.ts';
import { DeliveryStatuses } from '../../tools/playground/delivery-status.ts';

const NOW = Date.UTC(2026, 8, 1);

const base = (id: string, action = 'splunk') => ({
  action,
  destination: 'splunk',
  activity: { id } as DeliveredOutcome['activity'],
  attempts: 1,
  elapsedMs: 1,
  dropped: 0,
});
const failed = (id: string, changes: Partial<FailedOutcome> = {}): FailedOutcome => ({
  ...base(id),
  status: 'failed',
  reason: 'unavailable',
  code: '503',
  message: '503',
  buffered: true,
  ...changes,
});
const delivered = (id: string, changes: Partial<DeliveredOutcome> = {}): DeliveredOutcome => ({
  ...base(id),
  status: 'delivered',
  flushed: 0,
  flushMs: 0,
  ...changes,
});

const getStatus = (...outcomes: ReadonlyArray<DeliveredOutcome | FailedOutcome>) => {
  const statuses = new DeliveryStatuses();
  for (const [index, outcome] of outcomes.entries()) statuses.record(outcome, NOW + index);
  return statuses.get('splunk');
};

describe('DeliveryStatuses', () => {
  it('counts what failed and what is buffered, each activity once', () => {
    expect(getStatus(failed('a'), failed('b'), failed('a'))).toMatchObject({
      failures: { 503: 3 },
      buffered: 2,
    });
  });

  it('counts what was flushed, and what was delivered by a login of its own, as no longer buffered', () => {
    expect(getStatus(failed('a'), failed('b'), delivered('c', { flushed: 2 }))).toMatchObject({
      buffered: 0,
      flushed: 2,
    });
    expect(getStatus(failed('a'), failed('b'), delivered('b'))).toMatchObject({ buffered: 1 });
  });

  it('counts what was dropped, and what was rejected in a flush, as lost', () => {
    const flushRejected = { count: 1, message: '400' };
    expect(getStatus(failed('a'), failed('b', { dropped: 1 }))).toMatchObject({ buffered: 1, dropped: 1 });
    expect(getStatus(failed('a'), delivered('b', { flushRejected }))).toMatchObject({
      buffered: 0,
      dropped: 1,
    });
  });

  it('opens the circuit with the last of three consecutive failures, and closes it with a delivery', () => {
    const failures = Array.from({ length: FAILURE_THRESHOLD }, (_, index) => failed(String(index)));
    const skippedAttempt = failed('x', { code: 'CIRCUIT_OPEN' });
    const openUntil = NOW + FAILURE_THRESHOLD - 1 + RESET_TIMEOUT_MS;
    expect(getStatus(...failures.slice(1)).circuitOpenUntil).toBeUndefined();
    expect(getStatus(...failures, skippedAttempt).circuitOpenUntil).toBe(openUntil);
    expect(getStatus(...failures, delivered('y')).circuitOpenUntil).toBeUndefined();
  });

  it('keeps the circuit closed where the destination rejects activities', () => {
    const rejections = Array.from({ length: FAILURE_THRESHOLD }, () =>
      failed('a', { reason: 'rejected', buffered: false }),
    );
    expect(getStatus(...rejections).circuitOpenUntil).toBeUndefined();
  });

  it('adds up the Actions that deliver to one destination', () => {
    const inAll = { ...failed('b'), action: 'all' };
    expect(getStatus(failed('a'), inAll)).toMatchObject({ failures: { 503: 2 }, buffered: 2 });
  });
});
