/** What the first login of a fresh instance pays: a process of its own each time. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ROOT, readManifest } from '../shared/manifest.ts';
import { fileOf } from './baselines.ts';
import type { FirstLogin, Order } from './first-login.ts';
import { metric, type Suite } from './metrics.ts';
import { playRounds, ratiosOf, valuesOf } from './rounds.ts';
import { linkedPostOf, linkedSecrets, loginOf, ours, type Subject } from './subjects.ts';

const ROUNDS = { quick: 4, full: 25 };
const AIM = { of: 'median', atMost: 0.7 } as const;
const ACTIONS = ['splunk', 'keen', 'segment-http', 'segment'];

/** As deep in the tree as its source, which finds the root of the package by that. */
const BUNDLE = path.join(ROOT, 'dist/bench/first-login.mjs');

const bundle = () =>
  build({
    entryPoints: [path.join(import.meta.dirname, 'first-login.ts')],
    outfile: BUNDLE,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });

export const section: Suite = {
  title: 'The first login of a fresh instance',
  needs: { link: true, baselines: true },
  async run({ link, isQuick, progress }) {
    await bundle();
    const orders = new Map<string, Order>();
    for (const { name, code, dependencies } of readManifest().actions) {
      if (!ACTIONS.includes(name)) continue;
      const secrets = linkedSecrets(name, link);
      // The destinations know what to answer from here on.
      await ours(name, secrets);
      const login = loginOf(0, secrets);
      const silent = { ...login, request: { ...login.request, query: { prompt: 'none' } } };
      orders.set(name, {
        action: name,
        file: path.join(ROOT, code),
        dependencies: dependencies.map((dependency) => dependency.name),
        events: [silent, login],
      });
    }
    const toSplunk = { ...(await linkedPostOf('splunk', link)), strictSSL: false };
    const toSegment = await linkedPostOf('segment', link);
    orders.set('Rule', { file: fileOf('rule'), post: toSplunk });
    orders.set('floor', { file: fileOf('floor'), post: toSplunk });
    orders.set('splunk-logging', { file: fileOf('splunk-logging'), post: toSplunk });
    orders.set('@segment/analytics-node', { file: fileOf('segment-library'), post: toSegment });
    orders.set('analytics-node', { file: fileOf('analytics-node'), post: toSegment });

    const loads = new Map(Array.from(orders.keys(), (name) => [name, [] as number[]]));
    const subjects = Array.from(orders.keys(), (name): Subject => ({ name, async send() {} }));
    const measure = async ({ name }: Subject): Promise<number> => {
      const order = orders.get(name);
      const { stdout } = await promisify(execFile)(process.execPath, [BUNDLE, JSON.stringify(order)]);
      const { loadMs, sendMs }: FirstLogin = JSON.parse(stdout);
      loads.get(name)?.push(loadMs);
      return loadMs + sendMs;
    };
    const rounds = isQuick ? ROUNDS.quick : ROUNDS.full;
    const results = await playRounds(subjects, rounds, measure, progress);
    return [
      ...Array.from(loads, ([name, loadMs]) => [
        metric(name, 'ms', valuesOf(results, name)),
        metric(`${name}, loading its code`, 'ms', loadMs),
      ]).flat(),
      ...ACTIONS.map((name) => metric(`${name} / Rule`, 'ratio', ratiosOf(results, name, 'Rule'), AIM)),
      ...ACTIONS.map((name) => metric(`${name} / floor`, 'ratio', ratiosOf(results, name, 'floor'))),
    ];
  },
};
