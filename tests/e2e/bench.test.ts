/** What could be wrong in the benchmarks without being seen. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { compare } from '../../tools/bench/compare.ts';
import { type Link, openLink } from '../../tools/bench/link.ts';
import {
  failedThresholds,
  type Metric,
  metric,
  type Threshold,
  type Unit,
} from '../../tools/bench/metrics.ts';
import type { Results } from '../../tools/bench/results.ts';
import { playRounds, ratiosOf, valuesOf } from '../../tools/bench/rounds.ts';
import { summarize } from '../../tools/bench/statistics.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';

describe('the way to a destination', () => {
  const RTT_MS = 60;
  /** Of a busy machine. */
  const TOLERANCE_MS = 55;

  const post = (url: string, agent: Agent, { caCertificate }: Link): Promise<number> =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const sent = request(url, { method: 'POST', agent, ca: caCertificate }, (response) => {
        response.resume().on('end', () => resolve(performance.now() - start));
      });
      sent.on('error', reject).end('{}');
    });

  /** The least of some: what the way itself takes. */
  const leastOf = async (measure: () => Promise<number>): Promise<number> => {
    const times: number[] = [];
    for (const _ of [1, 2, 3, 4, 5]) times.push(await measure());
    return Math.min(...times);
  };

  const expectRoundTrips = (count: number, ms: number): void => {
    expect(ms).toBeGreaterThanOrEqual(count * RTT_MS);
    expect(ms).toBeLessThan(count * RTT_MS + TOLERANCE_MS);
  };

  it('takes a round trip on a kept connection, and three on a new one', { timeout: 30_000 }, async () => {
    const { link, close } = await openLink(RTT_MS);
    onTestFinished(close);
    const { url, directUrl } = link.destinations.splunk ?? { url: '', directUrl: '' };
    const kept = new Agent({ keepAlive: true });
    onTestFinished(() => kept.destroy());

    await post(url, kept, link);
    expectRoundTrips(1, await leastOf(() => post(url, kept, link)));
    // TCP, TLS, HTTP.
    expectRoundTrips(3, await leastOf(() => post(url, new Agent(), link)));
    expectRoundTrips(0, await leastOf(() => post(directUrl, new Agent(), link)));
  });
});

describe('statistics', () => {
  it('are those of the textbook', () => {
    const samples = [7, 15, 36, 39, 40, 41, 1, 100];
    expect(summarize(samples)).toEqual({
      runs: 8,
      mean: 34.875,
      q1: 13,
      median: 37.5,
      q3: 40.25,
      p95: expect.closeTo(79.35),
      p99: expect.closeTo(95.87),
      max: 100,
    });
  });

  it('of one sample are that sample, and of none there are none', () => {
    const one = { runs: 1, mean: 4, q1: 4, median: 4, q3: 4, p95: 4, p99: 4, max: 4 };
    expect(summarize([4])).toEqual(one);
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe('rounds', () => {
  it('set against each other what was measured in the same one', async () => {
    const played: string[] = [];
    const subject = (name: string, every = 1) => ({ name, every, async send() {} });
    const results = await playRounds([subject('a'), subject('b', 3)], 7, async ({ name }) => {
      played.push(name);
      return played.length;
    });
    expect(valuesOf(results, 'a')).toHaveLength(7);
    expect(valuesOf(results, 'b')).toHaveLength(3);
    const [a, b] = [results.get('a') ?? [], results.get('b') ?? []];
    expect(ratiosOf(results, 'a', 'b')).toEqual(
      [0, 3, 6].map((round) => Number(a[round]) / Number(b[round])),
    );
  });
});

describe('a comparison', () => {
  const resultsOf = (...metrics: Metric[]): Results => ({
    version: '',
    at: '',
    node: '',
    machine: '',
    isQuick: true,
    rttMs: 20,
    sections: [{ name: 'warm', title: '', metrics }],
  });
  const verdictOf = (unit: Unit, before: number[], after: number[], ...aims: Threshold[]) => {
    const of = (samples: number[]) => resultsOf(metric('splunk / floor', unit, samples, ...aims));
    return compare(of(before), of(after)).map(({ verdict }) => verdict);
  };

  it.each([
    ['worse', [1.01, 1.02, 1.03], [1.2, 1.21, 1.22]],
    ['better', [1.2, 1.21, 1.22], [1.01, 1.02, 1.03]],
    ['same', [1.01, 1.02, 1.03], [1.01, 1.02, 1.03]],
    // Not apart from what varies anyway, or too little to speak of.
    ['same', [1, 1.02, 1.5], [1, 1.2, 1.5]],
    ['same', [1.01, 1.01, 1.01], [1.02, 1.02, 1.02]],
  ])('tells what has become %s', (verdict, before, after) => {
    expect(verdictOf('ratio', before, after)).toEqual([verdict]);
  });

  it('judges a time by its aim only: another machine has another', () => {
    const aim: Threshold = { of: 'max', atMost: 50 };
    expect(verdictOf('ms', [10, 11], [40, 41], aim)).toEqual(['not judged']);
    expect(verdictOf('ms', [10, 11], [40, 51], aim)).toEqual(['worse']);
    expect(verdictOf('ms', [10, 60], [40, 51], aim)).toEqual(['not judged']);
  });

  it('leaves out what only one of them has', () => {
    expect(compare(resultsOf(), resultsOf(metric('new', 'ratio', [1])))).toEqual([]);
    expect(compare(resultsOf(metric('old', 'ratio', [1])), resultsOf())).toEqual([]);
  });
});

it('an aim is missed above the most and below the least', () => {
  const aims: Threshold[] = [
    { of: 'median', atMost: 2 },
    { of: 'max', atMost: 2 },
    { of: 'mean', atLeast: 3 },
  ];
  expect(failedThresholds(metric('', 'ms', [1, 2, 3], ...aims))).toEqual([aims[1], aims[2]]);
});

describe('npm run bench', () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const command = ['--import', 'tsx', 'tools/bench/bench.ts', '--quick', '--only', 'size', ...args];
      const child = execFile(process.execPath, command, { cwd: ROOT }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-test-'));
  const [old, now] = [path.join(folder, 'old.json'), path.join(folder, 'now.json')];
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints a table and writes a file, with which another run is compared', {
    timeout: 30_000,
  }, async () => {
    const { code, out, err } = await run('--json', old);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^splunk +bytes +1 +\d{5} +max ≤ 100000: met$/m);
    const written: Results = JSON.parse(readFileSync(old, 'utf8'));
    const names = written.sections.map(({ metrics }) => metrics.map(({ name }) => name));
    expect(names).toEqual([readManifest().actions.map(({ name }) => name)]);

    const sections = written.sections.map((section) => ({
      ...section,
      metrics: section.metrics.map(({ name }) => metric(name, 'bytes', [40_000])),
    }));
    writeFileSync(old, JSON.stringify({ ...written, sections }));
    const again = await run('--json', now, '--compare', old);
    expect(again.out).toMatch(/^size: splunk +bytes +40000 +\d{5} +worse$/m);
    expect(again.code).toBe(1);
  });

  it.each([
    [['--only', 'size,hot'], '--only takes warm, cold, several, outage, cpu, growth, size, not hot'],
    [['--compare', 'package.json'], 'package.json was not written by this command'],
  ])('does not understand %j', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', err: `${message}\nSee --help.\n` });
  });
});
