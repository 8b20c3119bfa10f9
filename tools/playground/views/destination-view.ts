import type { ReceivedRequest, VendorMock } from '../../simulator/vendors/vendor-mock.ts';
import type { DeliveryStatus } from '../delivery-status.ts';
import type { DestinationMode } from '../destination-modes.ts';
import type { RecordedLogin } from '../login-history.ts';
import type { AcceptedActivity, DestinationLinks, DestinationState } from '../state.ts';

const LISTED_ACTIVITIES = 6;
/** Two minutes in total. */
const CHART_BARS = 40;
const CHART_BAR_MS = 3000;

interface Context {
  readonly mode: DestinationMode;
  readonly links: DestinationLinks;
  /** The secrets of the Action that delivers to this destination alone. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly logins: readonly RecordedLogin[];
  readonly status: DeliveryStatus;
  getUserName(userId: string): string;
}

export const toDestinationState = (
  { name, url, requests }: VendorMock,
  { mode, links, secrets, logins, status, getUserName }: Context,
): DestinationState => {
  const activities = toActivities(requests, getUserName);
  const accepted = activities.filter(({ isDuplicate }) => !isDuplicate);
  const signUps = accepted.filter(({ type }) => type === 'SignUp').length;
  return {
    name,
    mode,
    links,
    isRedirected: !Object.values(secrets).includes(url),
    signUps,
    logins: accepted.length - signUps,
    duplicates: activities.length - accepted.length,
    failures: status.failures,
    isFailing: status.isFailing,
    buffered: status.buffered,
    flushed: status.flushed,
    dropped: status.dropped,
    circuitOpenUntil: status.circuitOpenUntil ?? null,
    latency: toPercentiles(getLatencies(url, logins)),
    activities: activities.slice(-LISTED_ACTIVITIES).reverse(),
    chart: toChart(accepted),
  };
};

/** Oldest first. */
const toActivities = (
  requests: readonly ReceivedRequest[],
  getUserName: (userId: string) => string,
): AcceptedActivity[] =>
  requests.flatMap(({ at, accepted }, request) =>
    accepted.flatMap(({ type, userId, duplicate }, index) =>
      type === 'other'
        ? []
        : { key: `${request} ${index}`, at, type, user: getUserName(userId), isDuplicate: duplicate },
    ),
  );

const toChart = (activities: readonly AcceptedActivity[]): DestinationState['chart'] => {
  const bars = Array.from({ length: CHART_BARS }, () => ({ signUps: 0, logins: 0 }));
  const lastBar = Math.floor(Date.now() / CHART_BAR_MS);
  for (const { at, type } of activities) {
    const bar = bars[CHART_BARS - 1 - (lastBar - Math.floor(Date.parse(at) / CHART_BAR_MS))];
    if (bar) bar[type === 'SignUp' ? 'signUps' : 'logins'] += 1;
  }
  return bars;
};

const getLatencies = (url: string, logins: readonly RecordedLogin[]): number[] => {
  const isAt = (target: string) => target === url || target.startsWith(`${url}/`);
  return logins
    .flatMap(({ runs }) => runs.flatMap(({ exchanges }) => exchanges))
    .filter(({ url: target, status = 0 }) => isAt(target) && status >= 200 && status < 300)
    .flatMap(({ durationMs }) => durationMs ?? []);
};

/** Nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method */
const toPercentiles = (latencies: readonly number[]): DestinationState['latency'] => {
  if (latencies.length === 0) return null;
  const sorted = latencies.toSorted((a, b) => a - b);
  const getPercentile = (percent: number) => sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
  return { p50: getPercentile(50), p95: getPercentile(95), p99: getPercentile(99) };
};
