/** A login in a warm instance. */
import { metric } from '../metrics.ts';
import { NOISE } from '../results.ts';
import { getRatios, getValues, measureTime, runRounds, warmUp } from '../rounds.ts';
import { captureNetworkRequest, createAction, createBaseline, getNetworkSecrets } from '../subjects.ts';
import type { Suite } from '../suite.ts';

const WARM_UP_LOGINS = { quick: 100, full: 400 };
const ROUNDS = { quick: 14, full: 200 };
const THRESHOLD = { of: 'median', max: 1.05 } as const;

/** The same subject once more differs by less than this, unless the machine is busy with something else. */
const NOISE_THRESHOLD = { of: 'median', min: 0.98, max: 1.02 } as const;
const CONTROL = 'raw https to splunk, once more';

const toRawHttps = (action: string): string => `raw https to ${action}`;

/** Action → its alternatives. */
const ALTERNATIVES = {
  splunk: ['Rule', 'Rule with keep-alive', 'splunk-logging'],
  keen: [],
  'segment-http': [],
  segment: ['@segment/analytics-node', 'analytics-node'],
};

export const suite: Suite = {
  title: 'A login in a warm instance',
  needs: { network: true, baselines: true },
  async run({ network, isQuick, onProgress }) {
    const names = Object.keys(ALTERNATIVES);
    const requests = Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [name, await captureNetworkRequest(name, network)] as const),
      ),
    );
    const { splunk: toSplunk, segment: toSegment } = requests;
    if (!toSplunk || !toSegment) throw new Error('splunk and segment are missing');
    const subjects = [
      ...(await Promise.all(names.map((name) => createAction(name, getNetworkSecrets(name, network))))),
      ...Object.entries(requests).map(([name, request]) =>
        createBaseline(toRawHttps(name), 'raw-https', request),
      ),
      createBaseline(CONTROL, 'raw-https', toSplunk),
      createBaseline('Rule', 'rule', { ...toSplunk, strictSSL: false }),
      createBaseline('Rule with keep-alive', 'rule', toSplunk),
      createBaseline('splunk-logging', 'splunk-logging', toSplunk),
      {
        ...createBaseline('@segment/analytics-node', 'segment-sdk', toSegment),
        // It takes 300 ms.
        everyNthRound: isQuick ? 2 : 4,
      },
      createBaseline('analytics-node', 'analytics-node', toSegment),
    ];
    await warmUp(subjects, isQuick ? WARM_UP_LOGINS.quick : WARM_UP_LOGINS.full);
    const rounds = await runRounds(subjects, isQuick ? ROUNDS.quick : ROUNDS.full, measureTime, onProgress);
    const noise = metric(NOISE, 'ratio', getRatios(rounds, CONTROL, toRawHttps('splunk')), NOISE_THRESHOLD);
    const metrics = Object.entries(ALTERNATIVES).flatMap(([name, alternatives]) => {
      const rawHttps = toRawHttps(name);
      return [
        ...[name, rawHttps, ...alternatives].map((each) => metric(each, 'ms', getValues(rounds, each))),
        metric(`${name} / raw https`, 'ratio', getRatios(rounds, name, rawHttps), THRESHOLD),
        ...alternatives.map((each) => metric(`${name} / ${each}`, 'ratio', getRatios(rounds, name, each))),
      ];
    });
    return [noise, ...metrics];
  },
};
