/** Whether many logins or a long log cost more than few: throughput and memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../shared/manifest.ts';
import { startChild } from '../child-process.ts';
import { getHeapMb } from '../heap.ts';
import type { LogMessage, LogTask } from '../log-process.ts';
import { type Metric, metric } from '../metrics.ts';
import type { Network } from '../network.ts';
import { createAction, getSecrets } from '../subjects.ts';
import type { Suite, SuiteContext } from '../suite.ts';

/** One of its secrets is the CA of the vendor, so that NODE_EXTRA_CA_CERTS is left for the Management API. */
const ACTION = 'splunk';
const LOGINS = { quick: [100, 1000, 3000], full: [100, 1000, 10_000, 100_000] };
const ENTRIES = { quick: [10_000], full: [10_000, 1_000_000] };
const CONCURRENT_LOGINS = 10;
/** How many samples of the rate are taken. */
const PARTS = 10;
/** For the JIT compiler and caches. */
const GROWTH_LIMIT_MB = 5;
const PAGE_ENTRIES = 100;
/**
 * Requests per second that the Management API sustains: 2 on the Free plan, 16 on the Enterprise plan.
 * https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy/rate-limit-configurations
 */
const API_REQUESTS_PER_SECOND = 16;
const FIRST_DATE = '2026-01-01T00:00:00.000Z';
/** More activities per second than can be sent, so that the rate limit of the command plays no part. */
const UNLIMITED_RATE = '999999';

const measureLogins = async (
  { network, isQuick }: SuiteContext,
  onDone: () => void,
): Promise<readonly Metric[]> => {
  const { recordLogin } = await createAction(ACTION, getDirectSecrets(network));
  const logIn = async (count: number): Promise<void> => {
    let remaining = count;
    const logInNext = async () => {
      while (remaining-- > 0) await recordLogin();
    };
    await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, logInNext));
  };
  const metrics: Metric[] = [];
  const heapsMb: number[] = [];
  for (const count of isQuick ? LOGINS.quick : LOGINS.full) {
    const rates: number[] = [];
    for (let part = 0; part < PARTS; part += 1) {
      const start = performance.now();
      await logIn(count / PARTS);
      rates.push(toRate(count / PARTS, start));
    }
    metrics.push(metric(`${count} logins`, '1/s', rates));
    heapsMb.push(getHeapMb());
    onDone();
  }
  const [before = 0, after = 0] = [heapsMb[1], heapsMb.at(-1)];
  return [
    ...metrics,
    metric('memory after the last login', 'MB', [after]),
    metric('memory growth since login 1000', 'MB', [after - before], { of: 'max', max: GROWTH_LIMIT_MB }),
  ];
};

const measureBackfill = async (entries: number, network: Network): Promise<readonly Metric[]> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-backfill-'));
  const log = startChild<LogMessage>('log-process.ts', {
    entries,
    parts: PARTS,
    firstDate: FIRST_DATE,
  } satisfies LogTask);
  try {
    const command = startBackfill(await log.ready(), network, folder);
    const result = text(command.stdout as NodeJS.ReadableStream);
    const exited = once(command, 'exit').then(async ([code]) => {
      throw new Error(`The backfill exited with ${code}: ${await result}`);
    });
    const rates: number[] = [];
    const heapsMb: number[] = [];
    // The command may exit before it is asked about the last part.
    for (let part = 1; part < PARTS; part += 1) {
      const start = performance.now();
      await Promise.race([log.messages.next(), exited]);
      rates.push(toRate(entries / PARTS, start));
      command.send('measure');
      const [heapMb] = await Promise.race([once(command, 'message'), exited]);
      heapsMb.push(heapMb);
    }
    const { sent } = JSON.parse(await result);
    if (sent.Login !== entries) throw new Error(`Only ${sent.Login} of ${entries} entries were sent`);
    const [first = 0, last = 0] = [heapsMb[0], heapsMb.at(-1)];
    return [
      metric(`backfill of ${entries} entries`, '1/s', rates, {
        of: 'median',
        min: API_REQUESTS_PER_SECOND * PAGE_ENTRIES,
      }),
      metric(`backfill of ${entries} entries: memory growth`, 'MB', [last - first], {
        of: 'max',
        max: GROWTH_LIMIT_MB,
      }),
    ];
  } finally {
    log.kill();
    rmSync(folder, { recursive: true });
  }
};

/** Runs the command as an operator does. */
const startBackfill = (server: LogMessage, network: Network, folder: string): ChildProcess => {
  if (!('domain' in server)) throw new Error('The log has no server');
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, server.caCertificate);
  const options = ['--since', FIRST_DATE, '--tenant', 'local-tenant', '--rate', UNLIMITED_RATE, '--json'];
  return fork(path.join(ROOT, 'tools/cli/bin/auth0-login-analytics.js'), ['backfill', ACTION, ...options], {
    cwd: folder,
    execArgv: [
      '--expose-gc',
      ...['tsx', '../heap-probe.ts'].flatMap((module) => ['--import', import.meta.resolve(module)]),
    ],
    env: {
      ...process.env,
      ...getDirectSecrets(network),
      AUTH0_DOMAIN: server.domain,
      AUTH0_ACCESS_TOKEN: server.token,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
};

const getDirectSecrets = ({ vendors, caCertificate }: Network) =>
  getSecrets(ACTION, String(vendors[ACTION]?.directUrl), caCertificate);

const toRate = (count: number, start: number): number => (count / (performance.now() - start)) * 1000;

export const suite: Suite = {
  title: 'Many logins, and long logs',
  nodeFlags: ['--expose-gc'],
  needs: { network: true },
  async run(context) {
    const { isQuick, network } = context;
    const [counts, lengths] = isQuick ? [LOGINS.quick, ENTRIES.quick] : [LOGINS.full, ENTRIES.full];
    let done = 0;
    const onDone = () => context.onProgress(++done, counts.length + lengths.length);
    const metrics = [...(await measureLogins(context, onDone))];
    for (const entries of lengths) {
      metrics.push(...(await measureBackfill(entries, network)));
      onDone();
    }
    return metrics;
  },
};
