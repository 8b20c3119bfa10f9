/** How long this process was kept from its work: a busy machine is no fault of what is measured. */

const PERIOD_MS = 5;
/** Longer than anything that is measured. */
const REMEMBERED_MS = 60_000;

let lags: Array<{ readonly at: number; readonly ms: number }> = [];
let last = performance.now();

setInterval(() => {
  const at = performance.now();
  const ms = at - last - PERIOD_MS;
  last = at;
  if (ms > 1) lags.push({ at, ms });
  if (lags.length > REMEMBERED_MS / PERIOD_MS) lags = lags.filter((lag) => lag.at > at - REMEMBERED_MS);
}, PERIOD_MS).unref();

/** The longest time at a stretch, in milliseconds, of so many that have just passed. */
export const longestLagMs = (spanMs: number): number => {
  const now = performance.now();
  const current = now - last - PERIOD_MS;
  return Math.max(0, current, ...lags.filter(({ at }) => at > now - spanMs).map(({ ms }) => ms));
};
