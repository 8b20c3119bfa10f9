import { describe, expect, it, vi } from 'vitest';
import { CircuitBreaker, FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import { useFakeClock } from '../support/clock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

useFakeClock();

const passTime = (ms: number) => vi.advanceTimersByTime(ms);

/** Only the wall clock moves: it is set, or the instance was frozen. */
const setClock = (ms: number) => vi.setSystemTime(Date.now() + ms);

const createBreaker = (failures: number): CircuitBreaker => {
  const breaker = new CircuitBreaker();
  for (let count = 0; count < failures; count += 1) breaker.recordFailure();
  return breaker;
};

const request = (breaker: CircuitBreaker, count: number): boolean[] =>
  Array.from({ length: count }, () => breaker.allowRequest());

describe('CircuitBreaker', () => {
  it('opens after 3 consecutive failures, for 30 s', () => {
    expect([FAILURE_THRESHOLD, RESET_TIMEOUT_MS]).toEqual([3, 30_000]);
  });

  it.each([0, 1, 2])('stays closed after %d failures', (failures) => {
    expect(request(createBreaker(failures), 3)).toEqual([true, true, true]);
  });

  it('allows no request while it is open', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    expect(breaker.allowRequest()).toBe(false);
    passTime(RESET_TIMEOUT_MS - 1);
    expect(breaker.allowRequest()).toBe(false);
  });

  it('allows one probe after the reset timeout, and no other request', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    passTime(RESET_TIMEOUT_MS);
    expect(request(breaker, 3)).toEqual([true, false, false]);
    passTime(RESET_TIMEOUT_MS - 1);
    expect(breaker.allowRequest()).toBe(false);
  });

  it('stays open for another reset timeout after the probe has failed', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    passTime(RESET_TIMEOUT_MS);
    breaker.allowRequest();
    passTime(2000);
    breaker.recordFailure();
    passTime(RESET_TIMEOUT_MS - 1);
    expect(breaker.allowRequest()).toBe(false);
    passTime(1);
    expect(request(breaker, 2)).toEqual([true, false]);
  });

  it('allows another probe every reset timeout if nothing is known of the last one', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    for (let probes = 0; probes < 3; probes += 1) {
      passTime(RESET_TIMEOUT_MS);
      expect(request(breaker, 2)).toEqual([true, false]);
    }
  });

  it('closes after a success', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    breaker.recordSuccess();
    expect(request(breaker, 3)).toEqual([true, true, true]);
  });

  it('counts consecutive failures only', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD - 1);
    breaker.recordSuccess();
    breaker.recordFailure();
    breaker.recordFailure();
    expect(breaker.allowRequest()).toBe(true);
    breaker.recordFailure();
    expect(breaker.allowRequest()).toBe(false);
  });

  it('allows a probe when an instance was frozen for the reset timeout', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    setClock(RESET_TIMEOUT_MS);
    expect(request(breaker, 2)).toEqual([true, false]);
  });

  it('allows a probe when the clock is set back, and another after the reset timeout', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    setClock(-DAY_MS);
    expect(request(breaker, 2)).toEqual([true, false]);
    passTime(RESET_TIMEOUT_MS);
    expect(request(breaker, 2)).toEqual([true, false]);
  });

  it('allows a probe after the reset timeout although the clock was set back meanwhile', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD);
    passTime(RESET_TIMEOUT_MS);
    setClock(-RESET_TIMEOUT_MS + 1);
    expect(request(breaker, 2)).toEqual([true, false]);
  });

  it('stays closed whatever the clock does', () => {
    const breaker = createBreaker(FAILURE_THRESHOLD - 1);
    for (const ms of [-DAY_MS, DAY_MS, -1]) {
      setClock(ms);
      expect(breaker.allowRequest()).toBe(true);
    }
  });
});
