/** Whether many logins, or a long log, cost more than few: throughput and memory. */
import { ManagementClient } from 'auth0';
import { readSecrets } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import { START } from '../cli/backfill/checkpoint.ts';
import { Retrier } from '../cli/backfill/retrier.ts';
import { backfill } from '../cli/backfill/run.ts';
import { Sender } from '../cli/backfill/sender.ts';
import { readLog } from '../cli/backfill/sources.ts';
import { loadSinks } from '../shared/catalog.ts';
import { fetchTrusting } from '../simulator/auth0/management-api/fetch.ts';
import { startChild } from './child.ts';
import type { LogAddress, LogOrder } from './generated-log.ts';
import type { Link } from './link.ts';
import { type Bench, type Metric, metric, type Suite } from './metrics.ts';
import { ours, secretsFor } from './subjects.ts';

const ACTION = 'segment-http';
const LOGINS = { quick: [100, 1000, 3000], full: [100, 1000, 10_000, 100_000] };
const ENTRIES = { quick: [10_000], full: [10_000, 1_000_000] };
const CONCURRENT_LOGINS = 10;
/** How often the rate is processed on the way. */
const PARTS = 10;
/** What the JIT compiler and caches may add. */
const GROWTH_LIMIT_MB = 5;
const PAGE_ENTRIES = 100;
/**
 * Requests a second that the Management API allows in the long run: 2 on the Free plan, 16 on the Enterprise plan.
 * https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy/rate-limit-configurations
 */
const API_REQUESTS_PER_SECOND = 16;
const BEGIN = '2026-01-01T00:00:00.000Z';

const heapMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

/** How many times a second, part by part. */
const perSecond = async (total: number, work: (count: number) => Promise<void>): Promise<number[]> => {
  const rates: number[] = [];
  for (let part = 0; part < PARTS; part += 1) {
    const start = performance.now();
    await work(total / PARTS);
    rates.push((total / PARTS / (performance.now() - start)) * 1000);
  }
  return rates;
};

const logins = async ({ link, isQuick }: Bench, onDone: () => void): Promise<Metric[]> => {
  const url = String(link.destinations[ACTION]?.directUrl);
  const { send } = await ours(ACTION, secretsFor(ACTION, url));
  const work = async (count: number): Promise<void> => {
    let left = count;
    const one = async () => {
      while (left-- > 0) await send();
    };
    await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, one));
  };
  const metrics: Metric[] = [];
  const heaps: number[] = [];
  for (const count of isQuick ? LOGINS.quick : LOGINS.full) {
    metrics.push(metric(`${count} logins`, '1/s', await perSecond(count, work)));
    heaps.push(heapMb());
    onDone();
  }
  const [first, last] = [heaps[1] ?? 0, heaps.at(-1) ?? 0];
  return [
    ...metrics,
    metric('memory after the most logins', 'MB', [last]),
    metric('memory gained since 1000', 'MB', [last - first], { of: 'max', atMost: GROWTH_LIMIT_MB }),
  ];
};

const backfillOf = async (entries: number, link: Link): Promise<Metric[]> => {
  const order: LogOrder = { entries, begin: BEGIN };
  const serving = startChild<LogAddress>('log.ts', order);
  const { value: address } = await serving.messages.next();
  if (!address) throw new Error('The log ended before it began');
  try {
    const { domain, caCertificate, token } = address;
    const client = new ManagementClient({ domain, token, fetch: fetchTrusting(caCertificate) });
    const sink = (await loadSinks()).find(({ name }) => name === ACTION) as Sink;
    const url = String(link.destinations[ACTION]?.directUrl);
    const secrets = readSecrets(sink.secrets, secretsFor(ACTION, url));
    const { signal } = new AbortController();
    const patience = new Retrier(signal);
    const sender = new Sender(sink, secrets, Number.POSITIVE_INFINITY, patience);
    const span = { since: new Date(BEGIN), until: new Date() };

    const rates: number[] = [];
    const heaps: number[] = [];
    let [read, start] = [0, performance.now()];
    const { position } = await backfill({
      sink,
      secrets,
      tenant: 'local-tenant',
      pages: readLog(client, span, undefined, patience),
      span,
      position: START,
      batchSize: PAGE_ENTRIES,
      send: (batch) => sender.send(batch),
      onPosition(now) {
        if (now.read - read < entries / PARTS) return;
        rates.push(((now.read - read) / (performance.now() - start)) * 1000);
        heaps.push(heapMb());
        [read, start] = [now.read, performance.now()];
      },
    });
    if (position.sent.Login !== entries)
      throw new Error(`Only ${position.sent.Login} of ${entries} were sent`);
    const growth = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0);
    const needed = API_REQUESTS_PER_SECOND * PAGE_ENTRIES;
    return [
      metric(`backfill of ${entries}`, '1/s', rates, { of: 'median', atLeast: needed }),
      metric(`backfill of ${entries}: memory gained on the way`, 'MB', [growth], {
        of: 'max',
        atMost: GROWTH_LIMIT_MB,
      }),
    ];
  } finally {
    serving.end();
  }
};

export const section: Suite = {
  title: 'Many logins, and long logs',
  flags: ['--expose-gc'],
  needs: { link: true },
  async run(bench) {
    const [counts, lengths] = bench.isQuick ? [LOGINS.quick, ENTRIES.quick] : [LOGINS.full, ENTRIES.full];
    let done = 0;
    const onDone = () => bench.progress(++done, counts.length + lengths.length);
    const metrics = await logins(bench, onDone);
    for (const entries of lengths) {
      metrics.push(...(await backfillOf(entries, bench.link)));
      onDone();
    }
    return metrics;
  },
};
