import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { DeliveryError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import { type Http, withDeadline } from '../../lib/http.ts';
import { resetClock, settle, useFakeClock } from '../support/clock.ts';
import { type Response, sleep, useNetwork } from './network.ts';
import { property } from './property.ts';
import { response } from './vendors.ts';

useFakeClock();

let next: Response & { readonly delayMs: number };

useNetwork(async () => {
  await sleep(next.delayMs);
  return next;
});

const REQUEST = { url: 'https://vendor.invalid', headers: {}, body: '{}' };
const TIMEOUT_MS = 3000;
/** However long a body takes after its headers. */
const BODY_TIMEOUT_MS = 250;
/** For a body that is cut off by the deadline. */
const GRACE_MS = 25;

/** The response, or the error, of a request. */
const request = (isAccepted?: () => boolean): Promise<unknown> => {
  const work = ({ http }: { http: Http }) => http({ ...REQUEST, ...(isAccepted && { isAccepted }) });
  return settle(withDeadline(TIMEOUT_MS, work).catch((error: unknown) => error));
};

describe('http, whatever a server responds', () => {
  property(
    'resolves, or throws what says who must act, within the deadline',
    fc.tuple(response, fc.boolean()),
    async ([input, isAccepted]) => {
      resetClock();
      next = input;
      const startedAt = performance.now();
      const result = await request(() => isAccepted);
      const limitMs = Math.min(TIMEOUT_MS, input.delayMs + BODY_TIMEOUT_MS);
      expect(performance.now() - startedAt).toBeLessThanOrEqual(limitMs + GRACE_MS);
      if (result instanceof DeliveryError) return;
      expect(result).toHaveProperty('status', input.status);
      expect(isAccepted).toBe(true);
      expect(String(input.headers?.['content-type'])).not.toContain('html');
      expect(input.body.trimStart()).not.toMatch(/^</);
    },
    { runs: 200 },
  );

  property(
    'classifies a failure by its status, whatever the body',
    response,
    async (input) => {
      resetClock();
      next = { ...input, delayMs: 0 };
      const { status } = input;
      const result = await request();
      if (status >= 200 && status < 300) return;
      const isTemporary = status >= 500 || [408, 425, 429].includes(status);
      expect(result).toBeInstanceOf(isTemporary ? UnavailableError : RejectedError);
      expect(result).toHaveProperty('status', status);
      expect(result).toHaveProperty('vendorMessage', expect.any(String));
      if (result instanceof UnavailableError) expect(result.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
    },
    { runs: 300 },
  );
});
