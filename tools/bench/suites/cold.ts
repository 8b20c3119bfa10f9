/** The first login of a fresh instance, each in a new process. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ROOT, readManifest } from '../../shared/manifest.ts';
import { toBaselineFile } from '../baselines.ts';
import type { ColdStart, ColdStartTask } from '../cold-start-process.ts';
import { metric } from '../metrics.ts';
import type { Network } from '../network.ts';
import { getRatios, getValues, runRounds } from '../rounds.ts';
import { captureNetworkRequest, createAction, createLogin, getNetworkSecrets } from '../subjects.ts';
import type { Suite } from '../suite.ts';

const ROUNDS = { quick: 4, full: 25 };
const THRESHOLD = { of: 'median', max: 0.6 } as const;
const ACTIONS = ['splunk', 'keen', 'segment-http', 'segment'];

const BUNDLE = path.join(ROOT, 'node_modules/.cache/bench/cold-start-process.mjs');

const bundleProcess = () =>
  build({
    entryPoints: [path.join(import.meta.dirname, '../cold-start-process.ts')],
    outfile: BUNDLE,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });

const createActionTask = async (name: string, network: Network): Promise<ColdStartTask> => {
  const entry = readManifest().actions.find((action) => action.name === name);
  if (!entry) throw new Error(`a0deploy.yaml has no Action "${name}"`);
  const secrets = getNetworkSecrets(name, network);
  // The vendors repeat an acceptance, so this login gives them one.
  await createAction(name, secrets);
  const login = createLogin(0, secrets);
  return {
    action: name,
    file: path.join(ROOT, entry.code),
    dependencies: entry.dependencies.map((dependency) => dependency.name),
    resolveFrom: ROOT,
    silentEvent: { ...login, request: { ...login.request, query: { prompt: 'none' } } },
    loginEvent: login,
  };
};

export const suite: Suite = {
  title: 'The first login of a fresh instance',
  needs: { network: true, baselines: true },
  async run({ network, isQuick, onProgress }) {
    await bundleProcess();
    const toSplunk = { ...(await captureNetworkRequest('splunk', network)), strictSSL: false };
    const toSegment = await captureNetworkRequest('segment', network);
    const tasks = new Map<string, ColdStartTask>([
      ...(await Promise.all(
        ACTIONS.map(async (name) => [name, await createActionTask(name, network)] as const),
      )),
      ['Rule', { file: toBaselineFile('rule'), options: toSplunk }],
      ['raw https', { file: toBaselineFile('raw-https'), options: toSplunk }],
      ['splunk-logging', { file: toBaselineFile('splunk-logging'), options: toSplunk }],
      ['@segment/analytics-node', { file: toBaselineFile('segment-sdk'), options: toSegment }],
      ['analytics-node', { file: toBaselineFile('analytics-node'), options: toSegment }],
    ]);

    const loadTimes = new Map(Array.from(tasks.keys(), (name) => [name, [] as number[]]));
    const measureColdStart = async ({ name, task }: { name: string; task: ColdStartTask }) => {
      const { stdout } = await promisify(execFile)(process.execPath, [BUNDLE, JSON.stringify(task)]);
      const { loadMs, recordMs }: ColdStart = JSON.parse(stdout);
      loadTimes.get(name)?.push(loadMs);
      return loadMs + recordMs;
    };
    const rounds = await runRounds(
      Array.from(tasks, ([name, task]) => ({ name, task })),
      isQuick ? ROUNDS.quick : ROUNDS.full,
      measureColdStart,
      onProgress,
    );
    return [
      ...Array.from(loadTimes, ([name, loadMs]) => [
        metric(name, 'ms', getValues(rounds, name)),
        metric(`${name}: loading the code`, 'ms', loadMs),
      ]).flat(),
      ...ACTIONS.map((name) => metric(`${name} / Rule`, 'ratio', getRatios(rounds, name, 'Rule'), THRESHOLD)),
      ...ACTIONS.map((name) => metric(`${name} / raw https`, 'ratio', getRatios(rounds, name, 'raw https'))),
    ];
  },
};
