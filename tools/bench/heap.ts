/** Megabytes in use after garbage collection. Needs the flag --expose-gc. */
export const getHeapMb = (): number => {
  if (!globalThis.gc) throw new Error('Run Node with --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
