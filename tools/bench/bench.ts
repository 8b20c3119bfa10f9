/** `npm run bench`: what a login costs, compared with the alternatives. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { build, origin } from '../shared/build.ts';
import { readJsonObject } from '../shared/json-file.ts';
import { Progress } from '../shared/progress.ts';
import { runScript } from '../shared/script.ts';
import { paint } from '../shared/table.ts';
import { UsageError } from '../shared/usage-error.ts';
import { installBaselines } from './baselines.ts';
import { startChild } from './child-process.ts';
import { compare, summarizeChanges, toChangeTable } from './compare.ts';
import type { Metric } from './metrics.ts';
import { type Network, startNetwork } from './network.ts';
import { isNoisy, type Results, type SuiteResults, toTable } from './results.ts';
import { loadSuite, SUITE_NAMES, type Suite } from './suite.ts';
import type { SuiteMessage, SuiteTask } from './suite-process.ts';

const RTT_LIMIT_MS = 1000;

const HELP = `Usage: npm run bench -- [options]

Measures what a login costs with the built Actions and with their alternatives, side by side, over TLS on loopback
with an added round-trip time. Prints a table for each suite and writes the results to a file.

  --quick            takes one minute instead of eight, with less certain results
  --only <suites>    comma-separated, of ${SUITE_NAMES.join(', ')}; all by default
  --rtt <ms>         round-trip time in milliseconds, 0 to ${RTT_LIMIT_MS}; 20 by default
  --json <file>      file to write; bench.json by default
  --compare <file>   results of an earlier run: reports what got better or worse
  --help             show this text

Exits with 1 if --compare finds a metric that got worse. Only ratios, sizes and failed logins are compared, because
times depend on the machine and its load. A ratio is that of adjacent runs.

warm, cold and outage measure libraries that their vendors have retired. The first run installs them into
tools/bench/baselines.`;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: SUITE_NAMES.join() },
  rtt: { type: 'string', default: '20' },
  json: { type: 'string', default: 'bench.json' },
  compare: { type: 'string' },
} as const;

const parseSuiteNames = (value: string): string[] => {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !SUITE_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`--only must be some of ${SUITE_NAMES.join(', ')}, not ${unknown.join(', ')}`);
  }
  return SUITE_NAMES.filter((name) => names.includes(name));
};

const parseRtt = (value: string): number => {
  const rttMs = Number(value);
  if (!(rttMs >= 0 && rttMs <= RTT_LIMIT_MS)) throw new UsageError(`--rtt must be 0 to ${RTT_LIMIT_MS}`);
  return rttMs;
};

/** The results to compare with. Only results of the same options are comparable. */
const readResults = (file: string, isQuick: boolean, rttMs: number): Results => {
  const results = readJsonObject(file) as unknown as Results;
  if (!Array.isArray(results.suites)) throw new UsageError(`${file} was not written by npm run bench`);
  if (results.isQuick !== isQuick || results.rttMs !== rttMs) {
    const options = `${results.isQuick ? '--quick ' : ''}--rtt ${results.rttMs}`;
    throw new UsageError(`${file} was written with ${options}: use the same options to compare`);
  }
  return results;
};

/** Runs a suite in its own process. */
const runSuite = async (
  name: string,
  { nodeFlags = [] }: Suite,
  isQuick: boolean,
  network: Network | undefined,
): Promise<readonly Metric[]> => {
  const task: SuiteTask = { name, isQuick, ...(network && { network }) };
  const { messages } = startChild<SuiteMessage>('suite-process.ts', task, {
    nodeFlags,
    env: network ? { NODE_EXTRA_CA_CERTS: network.caFile } : {},
  });
  let progress: Progress | undefined;
  for await (const message of messages) {
    if ('metrics' in message) return message.metrics;
    progress ??= new Progress(message.total, `of ${name}`);
    progress.update(message.done);
    if (message.done === message.total) progress.end();
  }
  throw new Error(`The suite ${name} ended without metrics`);
};

await runScript(HELP, OPTIONS, async ({ values }) => {
  const { quick: isQuick, json: file, compare: earlierFile } = values;
  const rttMs = parseRtt(values.rtt);
  const names = parseSuiteNames(values.only);
  const earlier = earlierFile === undefined ? undefined : readResults(earlierFile, isQuick, rttMs);
  const suites = await Promise.all(names.map(async (name) => ({ name, suite: await loadSuite(name) })));

  if (suites.some(({ suite }) => suite.needs.baselines)) installBaselines();
  await build();
  const needsNetwork = suites.some(({ suite }) => suite.needs.network);
  const started = needsNetwork ? await startNetwork(rttMs) : undefined;
  const measured: SuiteResults[] = [];
  try {
    for (const { name, suite } of suites) {
      const metrics = await runSuite(name, suite, isQuick, started?.network);
      const suiteResults = { name, title: suite.title, metrics };
      measured.push(suiteResults);
      console.log(`${toTable(suiteResults)}\n`);
    }
  } finally {
    started?.close();
  }

  const results: Results = {
    version: origin(),
    at: new Date().toISOString(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    isQuick,
    rttMs,
    suites: measured,
  };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log(
    `${results.version}, Node ${results.node}, ${results.machine}, round-trip time ${rttMs} ms: ${file}`,
  );
  if (isNoisy(measured)) console.log(paint('yellow', 'The machine was busy: do not trust this run.'));
  if (!earlier) return 0;
  const changes = compare(earlier, results);
  console.log(`\n${toChangeTable(changes)}\n\n${summarizeChanges(changes)}`);
  return changes.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
});
