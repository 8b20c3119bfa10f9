import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { CircuitBreaker, FAILURE_THRESHOLD, OVERDUE_MS } from '../../lib/circuit-breaker.ts';
import { UnavailableError } from '../../lib/errors.ts';
import { resetClock, settle, useFakeClock } from '../support/clock.ts';
import { sleep } from './network.ts';
import { property } from './property.ts';

useFakeClock();

interface Request {
  readonly startMs: number;
  readonly durationMs: number;
  readonly isFailure: boolean;
}

/** Starts, ends, and when requests are overdue never coincide: they are 0, 1 and 2 modulo 4. */
const request: fc.Arbitrary<Request> = fc.record({
  startMs: fc.nat(2000).map((value) => 4 * value),
  durationMs: fc.oneof(fc.nat(50), fc.nat(750)).map((value) => 4 * value + 1),
  isFailure: fc.boolean(),
});

/** When each login stops waiting, and which failures are consecutive at the end. */
const simulate = (requests: readonly Request[]) => {
  const waitsUntil = new Map<Request, number>();
  const overdueAt = new Map<Request, number>();
  const overdue = new Set<Request>();
  let responseMs = 0;
  let failures = 0;
  const end = Math.max(0, ...requests.map(({ startMs, durationMs }) => startMs + durationMs));
  for (let now = 0; now <= end; now += 1) {
    for (const request of requests) {
      if (request.startMs === now) overdueAt.set(request, now + Math.max(OVERDUE_MS, 2 * responseMs));
      const endMs = request.startMs + request.durationMs;
      if (overdueAt.get(request) === now && now < endMs) overdue.add(request);
      if (endMs !== now) continue;
      if (!waitsUntil.has(request)) waitsUntil.set(request, now);
      overdue.delete(request);
      failures = request.isFailure ? failures + 1 : 0;
      if (request.isFailure) continue;
      responseMs = request.durationMs;
      overdue.clear();
    }
    if (overdue.size < FAILURE_THRESHOLD) continue;
    for (const request of requests)
      if (request.startMs <= now && !waitsUntil.has(request)) waitsUntil.set(request, now);
  }
  return { waitsUntil: requests.map((request) => waitsUntil.get(request)), failures };
};

describe('CircuitBreaker.watch', () => {
  property(
    'ends the wait for concurrent requests as a simple model does',
    fc.array(request, { maxLength: 25, size: 'medium' }),
    async (requests) => {
      resetClock();
      const breaker = new CircuitBreaker();
      const startedAt = performance.now();
      const send = async ({ durationMs, isFailure }: Request) => {
        await sleep(durationMs);
        if (isFailure) throw new UnavailableError('down');
      };
      const watch = async (request: Request) => {
        await sleep(request.startMs);
        await breaker.watch(send(request));
        return performance.now() - startedAt;
      };
      const waitsUntil = await settle(Promise.all(requests.map(watch)));
      const expected = simulate(requests);
      expect(waitsUntil).toEqual(expected.waitsUntil);
      await settle(sleep(10_000));
      expect(breaker.allowRequest()).toBe(expected.failures < FAILURE_THRESHOLD);
    },
    { runs: 60 },
  );
});
