/** What a promise rejects with. */
export const getError = async <E = unknown>(work: Promise<unknown>): Promise<E> => {
  const [result] = await Promise.allSettled([work]);
  if (result?.status === 'rejected') return result.reason;
  throw new Error('It did not fail');
};
