import type { DeliveryError } from '../lib/errors.ts';

/** What a delivery fails with. */
export const failureOf = async (delivery: Promise<unknown>): Promise<DeliveryError> => {
  const [result] = await Promise.allSettled([delivery]);
  if (result?.status === 'rejected') return result.reason;
  throw new Error('It did not fail');
};

/** How long a promise takes to settle. */
export const msOf = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await Promise.allSettled([work]);
  return performance.now() - startedAt;
};
