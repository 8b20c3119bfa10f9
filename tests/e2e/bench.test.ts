import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../../tools/bench/compare.ts';
import {
  checkThreshold,
  failedThresholds,
  type Metric,
  metric,
  type Threshold,
  type Unit,
} from '../../tools/bench/metrics.ts';
import { startNetwork } from '../../tools/bench/network.ts';
import { isNoisy, NOISE, type Results } from '../../tools/bench/results.ts';
import { getRatios, getValues, runRounds } from '../../tools/bench/rounds.ts';
import { summarize } from '../../tools/bench/statistics.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';

describe('startNetwork', () => {
  const RTT_MS = 100;

  let started: Awaited<ReturnType<typeof startNetwork>>;
  beforeAll(async () => {
    started = await startNetwork(RTT_MS);
  }, 30_000);
  afterAll(() => started.close());

  const post = (url: string, agent: Agent): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, ca: started.network.caCertificate };
      request(url, options, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end('{}');
    });

  /** Whole round trips of the fastest of some requests. */
  const countRoundTrips = async (send: () => Promise<void>): Promise<number> => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const start = performance.now();
      await send();
      times.push(performance.now() - start);
    }
    return Math.floor(Math.min(...times) / RTT_MS);
  };

  const getVendor = () => started.network.vendors.splunk ?? { url: '', directUrl: '' };

  it('delays a request over a reused connection by one round trip', async () => {
    const agent = new Agent({ keepAlive: true });
    await post(getVendor().url, agent);
    expect(await countRoundTrips(() => post(getVendor().url, agent))).toBe(1);
    agent.destroy();
  });

  it('delays a request over a new connection by three round trips: TCP, TLS and HTTP', async () => {
    expect(await countRoundTrips(() => post(getVendor().url, new Agent()))).toBe(3);
  });

  it('does not delay a request to the direct URL of a vendor', async () => {
    expect(await countRoundTrips(() => post(getVendor().directUrl, new Agent()))).toBe(0);
  });
});

describe('summarize', () => {
  it('computes mean, quartiles, percentiles and maximum', () => {
    expect(summarize([7, 15, 36, 39, 40, 41, 1, 100])).toMatchObject({
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

  it('returns the sample itself for a single sample', () => {
    const expected = {
      runs: 1,
      mean: 4,
      q1: 4,
      median: 4,
      medianInterval: [4, 4],
      q3: 4,
      p95: 4,
      p99: 4,
      max: 4,
    };
    expect(summarize([4])).toEqual(expected);
  });

  it('throws if there are no samples', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe('runRounds', () => {
  it('measures each subject once per round, and a slow one in every nth round', async () => {
    const subjects = [{ name: 'a' }, { name: 'b', everyNthRound: 3 }];
    const rounds = await runRounds(subjects, 7, async () => 1);
    expect(getValues(rounds, 'a')).toHaveLength(7);
    expect(getValues(rounds, 'b')).toHaveLength(3);
  });
});

describe('getRatios', () => {
  it('divides values of the same round', () => {
    const rounds = new Map([
      ['a', [2, 4, 6, 8]],
      ['b', [1, undefined, 3, 2]],
    ]);
    expect(getRatios(rounds, 'a', 'b')).toEqual([2, 2, 4]);
  });
});

describe('summarize, the confidence interval of the median', () => {
  it('holds the true median of about 95 of 100 random samples', () => {
    const random = xoroshiro128plus(1);
    const hits = Array.from({ length: 100 }, () => {
      const samples = Array.from({ length: 40 }, () => uniformInt(random, 0, 1000));
      const [lower, upper] = summarize(samples).medianInterval;
      return lower <= 500 && 500 <= upper;
    }).filter(Boolean).length;
    expect(hits).toBeGreaterThanOrEqual(90);
    expect(hits).toBeLessThanOrEqual(99);
  });

  it('is narrower for more samples, and the same for the same samples', () => {
    const toSamples = (count: number) => Array.from({ length: count }, (_, index) => (index * 7919) % 1000);
    const getWidth = (count: number) => {
      const [lower, upper] = summarize(toSamples(count)).medianInterval;
      return upper - lower;
    };
    expect(getWidth(400)).toBeLessThan(getWidth(40));
    expect(summarize(toSamples(40))).toEqual(summarize(toSamples(40)));
  });
});

describe('checkThreshold', () => {
  const samples = [1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08];

  it.each([
    ['passed', { of: 'median', max: 1.1 }],
    ['failed', { of: 'median', max: 1.01 }],
    ['unclear', { of: 'median', max: 1.05 }],
    ['unclear', { of: 'median', max: 1.049 }],
    ['failed', { of: 'median', min: 1.2 }],
    ['failed', { of: 'mean', max: 1.049 }],
    ['passed', { of: 'max', max: 1.08 }],
  ] as ReadonlyArray<readonly [string, Threshold]>)('reports %s for %j', (result, threshold) => {
    expect(checkThreshold(metric('', 'ratio', samples), threshold)).toBe(result);
  });
});

describe('isNoisy', () => {
  const toSuites = (...ratios: number[]) => [
    {
      name: 'warm',
      title: '',
      metrics: [metric(NOISE, 'ratio', ratios, { of: 'median', min: 0.98, max: 1.02 })],
    },
  ];

  it('trusts a run in which a subject is as fast as itself, and one that did not measure it', () => {
    expect(isNoisy(toSuites(0.99, 1, 1.01))).toBe(false);
    expect(isNoisy([])).toBe(false);
  });

  it('does not trust a run in which it differs from itself', () => {
    expect(isNoisy(toSuites(1.05, 1.06, 1.07))).toBe(true);
    expect(isNoisy(toSuites(0.9, 1, 1.1))).toBe(true);
  });
});

describe('failedThresholds', () => {
  it('finds statistics above a maximum and below a minimum', () => {
    const thresholds: Threshold[] = [
      { of: 'median', max: 2 },
      { of: 'max', max: 2 },
      { of: 'mean', min: 3 },
    ];
    expect(failedThresholds(metric('', 'ms', [1, 2, 3], ...thresholds))).toEqual(thresholds.slice(1));
  });
});

describe('compare', () => {
  const toResults = (...metrics: Metric[]): Results => ({
    version: '',
    at: '',
    node: '',
    machine: '',
    isQuick: true,
    rttMs: 20,
    suites: [{ name: 'warm', title: '', metrics }],
  });
  const getVerdict = (unit: Unit, before: number[], after: number[], ...thresholds: Threshold[]) => {
    const [change] = compare(
      toResults(metric('splunk / raw https', unit, before, ...thresholds)),
      toResults(metric('splunk / raw https', unit, after, ...thresholds)),
    );
    return change?.verdict;
  };

  it.each([
    ['worse', 'is higher', [1.01, 1.02, 1.03], [1.2, 1.21, 1.22]],
    ['better', 'is lower', [1.2, 1.21, 1.22], [1.01, 1.02, 1.03]],
    ['same', 'is equal', [1.01, 1.02, 1.03], [1.01, 1.02, 1.03]],
    ['same', 'is higher within the interquartile range', [1, 1.02, 1.5], [1, 1.2, 1.5]],
    ['same', 'is higher by less than 5 percent', [1.01, 1.01, 1.01], [1.02, 1.02, 1.02]],
  ])('reports %s if a ratio %s', (verdict, _, before, after) => {
    expect(getVerdict('ratio', before, after)).toBe(verdict);
  });

  it.each([
    ['not compared', 'passes its threshold', [10, 11], [40, 41]],
    ['worse', 'fails a threshold that it passed before', [10, 11], [40, 51]],
    ['not compared', 'fails a threshold that it failed before', [10, 60], [40, 51]],
  ])('reports %s if a time %s', (verdict, _, before, after) => {
    expect(getVerdict('ms', before, after, { of: 'max', max: 50 })).toBe(verdict);
  });

  it('ignores metrics that only one of the results has', () => {
    expect(compare(toResults(), toResults(metric('new', 'ratio', [1])))).toEqual([]);
    expect(compare(toResults(metric('old', 'ratio', [1])), toResults())).toEqual([]);
  });
});

describe('npm run bench', { timeout: 30_000 }, () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const command = ['--import', 'tsx', 'tools/bench/bench.ts', '--quick', '--only', 'size', ...args];
      const child = execFile(process.execPath, command, { cwd: ROOT }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints a table, writes the results, and exits with 1 if they are worse than earlier ones', async () => {
    const [earlier, now] = [path.join(folder, 'earlier.json'), path.join(folder, 'now.json')];
    const { code, out, err } = await run('--json', earlier);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^splunk +bytes +1 +\d{5} +max ≤ 100000: passed$/m);
    const results: Results = JSON.parse(readFileSync(earlier, 'utf8'));
    const names = results.suites.map(({ metrics }) => metrics.map(({ name }) => name));
    expect(names).toEqual([readManifest().actions.map(({ name }) => name)]);

    const suites = results.suites.map((suite) => ({
      ...suite,
      metrics: suite.metrics.map(({ name }) => metric(name, 'bytes', [10_000])),
    }));
    writeFileSync(earlier, JSON.stringify({ ...results, suites }));
    const again = await run('--json', now, '--compare', earlier);
    expect(again.out).toMatch(/^size: splunk +bytes +10000 +\d{5} +worse$/m);
    expect(again.code).toBe(1);
  });

  it.each([
    [
      'an unknown suite',
      ['--only', 'size,hot'],
      'must be some of warm, cold, several, outage, cpu, growth, size, not hot',
    ],
    [
      'a file of another program',
      ['--compare', 'package.json'],
      'package.json was not written by npm run bench',
    ],
    ['a malformed round-trip time', ['--rtt', 'fast'], '--rtt must be 0 to 1000'],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
