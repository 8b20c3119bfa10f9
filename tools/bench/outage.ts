/** What logins pay while a destination is down. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadBuilt } from '../simulator/built-actions.ts';
import { loadOpponent, type Send } from './baselines.ts';
import { type Metric, metric, type Suite, type Threshold } from './metrics.ts';
import { linkedPostOf, linkedSecrets, loginOf, type Secrets, secretsFor, silentApi } from './subjects.ts';

const ACTION = 'splunk';
const LOGINS = 200;
/** So few that the logins last longer than a destination is left alone. */
const LOGINS_PER_SECOND = 5;
const DEADLINE_MS = { quick: 1000, full: 3000 };
const TOLERANCE_MS = 50;
/** Auth0 ends a login whose Actions take longer, and so it did with Rules. https://auth0.com/docs/customize/actions/limitations */
const FLOW_LIMIT_MS = 20_000;
const HANGING_RULES = 5;

interface Outcome {
  readonly waitsMs: readonly number[];
  readonly failed: number;
}

/** Auth0 waits for a login so long, and it fails by an error or by the end of that. */
const logIn = async (send: Send): Promise<{ waitMs: number; isFailed: boolean }> => {
  const start = performance.now();
  const done = send().then(
    () => false,
    () => true,
  );
  const isFailed = await Promise.race([done, sleep(FLOW_LIMIT_MS, true, { ref: false })]);
  return { waitMs: performance.now() - start, isFailed };
};

const getOutcome = (logins: ReadonlyArray<{ waitMs: number; isFailed: boolean }>): Outcome => ({
  waitsMs: logins.map(({ waitMs }) => waitMs),
  failed: logins.filter(({ isFailed }) => isFailed).length,
});

const oneByOne = async (count: number, send: Send): Promise<Outcome> => {
  const logins = [];
  for (let index = 0; index < count; index += 1) logins.push(await logIn(send));
  return getOutcome(logins);
};

const atARate = async (count: number, perSecond: number, send: Send): Promise<Outcome> => {
  const logins = Array.from({ length: count }, async (_, index) => {
    await sleep((index / perSecond) * 1000);
    return logIn(send);
  });
  return getOutcome(await Promise.all(logins));
};

/** A warm instance, whose destination has been there until now. */
const warmAction = async (before: Secrets, during: Secrets): Promise<Send> => {
  const action = loadBuilt(ACTION);
  let logins = 0;
  const execute = async (secrets: Secrets): Promise<void> => {
    logins += 1;
    const { error } = await action.execute(loginOf(logins, secrets), silentApi);
    if (error) throw error;
  };
  await execute(before);
  return () => execute(during);
};

const figuresOf = (name: string, { waitsMs, failed }: Outcome, ...aims: Threshold[]): Metric[] => {
  const failures = aims.length > 0 ? [{ of: 'max', atMost: 0 } as const] : [];
  return [
    metric(name, 'ms', waitsMs, ...aims),
    metric(`${name}: logins that fail`, 'logins', [failed], ...failures),
  ];
};

export const section: Suite = {
  title: 'An outage of the destination',
  needs: { link: true, baselines: true },
  async run({ link, isQuick, progress }) {
    const deadlineMs = isQuick ? DEADLINE_MS.quick : DEADLINE_MS.full;
    const aims: Threshold[] = [
      { of: 'mean', atMost: 100 },
      { of: 'max', atMost: deadlineMs + TOLERANCE_MS },
    ];
    const before = linkedSecrets(ACTION, link);
    const downAt = (url: string): Secrets => ({
      ...secretsFor(ACTION, url, link.caCertificate),
      DELIVERY_TIMEOUT_MS: String(deadlineMs),
    });
    const post = await linkedPostOf(ACTION, link);
    const ruleAt = (url: string): Send =>
      loadOpponent('rule', { ...post, url: new URL(new URL(post.url).pathname, url).href, strictSSL: false });

    const causes = [
      ['hangs', link.hanging],
      ['refuses connections', link.refusing],
    ] as const;
    const sequential = causes.map(([what, url]) => async () => {
      const send = await warmAction(before, downAt(url));
      return figuresOf(`${ACTION}, ${what}`, await oneByOne(LOGINS, send), ...aims);
    });
    const atRate = causes.map(([what, url]) => async () => {
      const send = await warmAction(before, downAt(url));
      const outcome = await atARate(LOGINS, LOGINS_PER_SECOND, send);
      return figuresOf(`${ACTION}, ${what}, ${LOGINS_PER_SECOND} logins a second`, outcome);
    });
    const refusedRule = async () =>
      figuresOf('Rule, refuses connections', await oneByOne(LOGINS, ruleAt(link.refusing)));
    const hangingRule = async () =>
      figuresOf('Rule, hangs', await atARate(HANGING_RULES, Infinity, ruleAt(link.hanging)));
    // What mostly waits can do so at the same time.
    const waiting = async () => (await Promise.all([...atRate, hangingRule].map((part) => part()))).flat();

    const metrics: Metric[] = [];
    const parts = [...sequential, refusedRule, ...(isQuick ? [] : [waiting])];
    for (const [index, part] of parts.entries()) {
      metrics.push(...(await part()));
      progress(index + 1, parts.length);
    }
    return metrics;
  },
};
