import type { DeliveryError } from '../../lib/errors.ts';
import { longestLagMs } from './lag.ts';

/** What a delivery fails with. */
export const failureOf = async (delivery: Promise<unknown>): Promise<DeliveryError> => {
  const [result] = await Promise.allSettled([delivery]);
  if (result?.status === 'rejected') return result.reason;
  throw new Error('It did not fail');
};

/** How long a promise takes to settle, without the longest time at a stretch that the machine was busy elsewhere. */
export const msOf = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await Promise.allSettled([work]);
  const ms = performance.now() - startedAt;
  return ms - longestLagMs(ms);
};
