/** `npm run bench`: what a login pays, beside what it would pay otherwise. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { readJsonObject, runTool, UsageError } from '../cli/command.ts';
import { build, origin } from '../shared/build.ts';
import { Progress } from '../shared/progress.ts';
import { installOpponents } from './baselines.ts';
import { startChild } from './child.ts';
import { compare, describeChanges, headline } from './compare.ts';
import { type Link, openLink } from './link.ts';
import type { Suite } from './metrics.ts';
import { describeSection, type Results, type SectionResults } from './results.ts';
import type { Order, Report } from './suite.ts';

const SECTIONS = ['warm', 'cold', 'several', 'outage', 'cpu', 'growth', 'size'];

const HELP = `Usage: npm run bench -- [--quick] [--only warm,cold] [--rtt 20] [--json bench.json] [--compare old.json]

Measures what a login pays for our built Actions, and for what one would use instead, side by side in one run, over TLS on
loopback with a round-trip time added. Prints tables, and writes them to a file.

  --quick    a minute instead of seven, and less certain
  --only     some of ${SECTIONS.join(', ')}
  --rtt      the round-trip time in milliseconds
  --json     the file to write
  --compare  a file that another run has written: what has become worse since?
  --help     this text

Exits with 0, or with 1 if --compare finds something worse. Times depend on the machine and on what else it does; the ratios
of what is measured in turn hardly do, and they are what is compared.

warm, cold and outage need libraries that their vendors have retired. They are installed into tools/bench/baselines, once.`;

const RTT_LIMIT_MS = 1000;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: SECTIONS.join() },
  rtt: { type: 'string', default: '20' },
  json: { type: 'string', default: 'bench.json' },
  compare: { type: 'string' },
} as const;

const sectionsOf = (value: string): string[] => {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !SECTIONS.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`--only takes ${SECTIONS.join(', ')}, not ${unknown.join(', ')}`);
  return SECTIONS.filter((name) => names.includes(name));
};

const rttOf = (value: string): number => {
  const rttMs = Number(value);
  if (!(rttMs >= 0 && rttMs <= RTT_LIMIT_MS)) throw new UsageError(`--rtt must be from 0 to ${RTT_LIMIT_MS}`);
  return rttMs;
};

/** Results to compare with: what was measured otherwise tells nothing. */
const readResults = (file: string, isQuick: boolean, rttMs: number): Results => {
  const results = readJsonObject(file) as unknown as Results;
  if (!Array.isArray(results.sections)) throw new UsageError(`${file} was not written by this command`);
  if (results.isQuick !== isQuick || results.rttMs !== rttMs) {
    const options = `${results.isQuick ? '--quick ' : ''}--rtt ${results.rttMs}`;
    throw new UsageError(`${file} was written with ${options}: compare it with the same`);
  }
  return results;
};

/** Runs a section in a process of its own. */
const run = async (name: string, { title, flags = [] }: Suite, isQuick: boolean, link: Link | undefined) => {
  const order: Order = { name, isQuick, ...(link && { link }) };
  const { messages } = startChild<Report>('section.ts', order, {
    flags,
    env: link ? { NODE_EXTRA_CA_CERTS: link.caFile } : {},
  });
  const results: SectionResults = { name, title, metrics: [] };
  let progress: Progress | undefined;
  for await (const report of messages) {
    if ('metrics' in report) return { ...results, metrics: report.metrics };
    progress ??= new Progress(report.total, `of ${name}`);
    progress.update(report.done);
    if (report.done === report.total) progress.end();
  }
  throw new Error(`The section ${name} ended without metrics`);
};

await runTool(HELP, OPTIONS, async ({ values }) => {
  const { quick: isQuick, json: file, compare: oldFile } = values;
  const rttMs = rttOf(values.rtt);
  const names = sectionsOf(values.only);
  const before = oldFile === undefined ? undefined : readResults(oldFile, isQuick, rttMs);
  const sections = await Promise.all(
    names.map(async (name): Promise<[string, Suite]> => {
      const { section } = await import(`./${name}.ts`);
      return [name, section];
    }),
  );

  if (sections.some(([, { needs }]) => needs.baselines)) installOpponents();
  await build();
  const opened = sections.some(([, { needs }]) => needs.link) ? await openLink(rttMs) : undefined;
  const measured: SectionResults[] = [];
  try {
    for (const [name, section] of sections) {
      const results = await run(name, section, isQuick, opened?.link);
      measured.push(results);
      console.log(`${describeSection(results)}\n`);
    }
  } finally {
    opened?.close();
  }

  const results: Results = {
    version: origin(),
    at: new Date().toISOString(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    isQuick,
    rttMs,
    sections: measured,
  };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log(
    `${results.version}, Node ${results.node}, ${rttMs} ms round trip, ${results.machine}: ${file}`,
  );
  if (!before) return 0;
  const changes = compare(before, results);
  console.log(`\n${describeChanges(changes)}\n\n${headline(changes)}`);
  return changes.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
});
