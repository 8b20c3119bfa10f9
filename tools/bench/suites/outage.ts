/** How long logins wait while a destination is down. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadBuilt } from '../../simulator/built-actions.ts';
import { loadBaseline, type RecordLogin } from '../baselines.ts';
import { type Metric, metric, type Threshold } from '../metrics.ts';
import {
  captureNetworkRequest,
  createLogin,
  getNetworkSecrets,
  getSecrets,
  noopApi,
  type Secrets,
} from '../subjects.ts';
import type { Suite } from '../suite.ts';

const ACTION = 'splunk';
const LOGINS = 200;
/** Logins per second → milliseconds that each may wait on average. With few, they go on for longer than the circuit stays open. */
const RATES = new Map([
  [5, 100],
  [50, 150],
]);
const DEADLINE_MS = { quick: 1000, full: 3000 };
const TOLERANCE_MS = 50;
/** Auth0 fails a login whose Actions take longer, and did so with Rules. https://auth0.com/docs/customize/actions/limitations */
const FLOW_LIMIT_MS = 20_000;
const HANGING_RULES = 5;

interface Login {
  readonly waitMs: number;
  readonly isFailed: boolean;
}

/** One login as Auth0 runs it: an error fails it, and so does the time limit. */
const logIn = async (recordLogin: RecordLogin): Promise<Login> => {
  const start = performance.now();
  const recorded = recordLogin().then(
    () => false,
    () => true,
  );
  const isFailed = await Promise.race([recorded, sleep(FLOW_LIMIT_MS, true, { ref: false })]);
  return { waitMs: performance.now() - start, isFailed };
};

const logInSequentially = async (count: number, recordLogin: RecordLogin): Promise<Login[]> => {
  const logins: Login[] = [];
  for (let index = 0; index < count; index += 1) logins.push(await logIn(recordLogin));
  return logins;
};

const logInAtRate = (count: number, perSecond: number, recordLogin: RecordLogin): Promise<Login[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await sleep((index / perSecond) * 1000);
      return logIn(recordLogin);
    }),
  );

/** A warm instance whose destination was up until now. */
const createWarmAction = async (before: Secrets, during: Secrets): Promise<RecordLogin> => {
  const action = loadBuilt(ACTION);
  let logins = 0;
  const execute = async (secrets: Secrets): Promise<void> => {
    logins += 1;
    const { error } = await action.execute(createLogin(logins, secrets), noopApi);
    if (error) throw error;
  };
  await execute(before);
  return () => execute(during);
};

const toMetrics = (name: string, logins: readonly Login[], ...thresholds: Threshold[]): Metric[] => {
  const failed = logins.filter(({ isFailed }) => isFailed).length;
  const waitsMs = logins.map(({ waitMs }) => waitMs);
  const noFailures = thresholds.length > 0 ? [{ of: 'max', max: 0 } as const] : [];
  return [
    metric(name, 'ms', waitsMs, ...thresholds),
    metric(`${name}: failed logins`, 'logins', [failed], ...noFailures),
  ];
};

export const suite: Suite = {
  title: 'An outage of the destination',
  needs: { network: true, baselines: true },
  async run({ network, isQuick, onProgress }) {
    const deadlineMs = isQuick ? DEADLINE_MS.quick : DEADLINE_MS.full;
    const thresholds = [
      { of: 'mean', max: 100 },
      { of: 'max', max: deadlineMs + TOLERANCE_MS },
    ] as const;
    const secrets = getNetworkSecrets(ACTION, network);
    const createActionAt = (url: string): Promise<RecordLogin> =>
      createWarmAction(secrets, {
        ...getSecrets(ACTION, url, network.caCertificate),
        DELIVERY_TIMEOUT_MS: String(deadlineMs),
      });
    const request = await captureNetworkRequest(ACTION, network);
    const createRuleAt = (url: string): RecordLogin =>
      loadBaseline('rule', {
        ...request,
        url: new URL(new URL(request.url).pathname, url).href,
        strictSSL: false,
      });

    const outages = [
      ['hangs', network.hangingUrl],
      ['refuses connections', network.closedUrl],
    ] as const;
    const sequential = outages.map(([what, url]) => async () => {
      const logins = await logInSequentially(LOGINS, await createActionAt(url));
      return toMetrics(`${ACTION}, ${what}`, logins, ...thresholds);
    });
    const atRate = outages.flatMap(([what, url]) =>
      Array.from(RATES, ([perSecond, meanMs]) => async () => {
        const logins = await logInAtRate(LOGINS, perSecond, await createActionAt(url));
        const [, maxThreshold] = thresholds;
        return toMetrics(
          `${ACTION}, ${what}, ${perSecond} logins per second`,
          logins,
          { of: 'mean', max: meanMs },
          maxThreshold,
        );
      }),
    );
    const refusedRule = async () =>
      toMetrics(
        'Rule, refuses connections',
        await logInSequentially(LOGINS, createRuleAt(network.closedUrl)),
      );
    const hangingRule = async () =>
      toMetrics(
        'Rule, hangs',
        await logInAtRate(HANGING_RULES, Number.POSITIVE_INFINITY, createRuleAt(network.hangingUrl)),
      );
    // These mostly wait, so they can run concurrently.
    const waiting = async () => (await Promise.all([...atRate, hangingRule].map((run) => run()))).flat();

    const metrics: Metric[] = [];
    const steps = [...sequential, refusedRule, ...(isQuick ? [] : [waiting])];
    for (const [index, run] of steps.entries()) {
      metrics.push(...(await run()));
      onProgress(index + 1, steps.length);
    }
    return metrics;
  },
};
