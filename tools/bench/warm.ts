/** What a login of a warm instance pays. */

import { metric, type Suite } from './metrics.ts';
import { playRounds, ratiosOf, timeOf, valuesOf, warmUp } from './rounds.ts';
import { baseline, linkedPostOf, linkedSecrets, ours } from './subjects.ts';

const WARM_UP_LOGINS = { quick: 100, full: 400 };
const ROUNDS = { quick: 14, full: 200 };
const AIM = { of: 'median', atMost: 1.05 } as const;

/** Action → what it is measured against. */
const PAIRS = {
  splunk: ['floor of splunk', 'Rule', 'Rule, kept alive', 'splunk-logging'],
  keen: ['floor of keen'],
  'segment-http': ['floor of segment-http'],
  segment: ['floor of segment', '@segment/analytics-node', 'analytics-node'],
};

export const section: Suite = {
  title: 'A login of a warm instance',
  needs: { link: true, baselines: true },
  async run({ link, isQuick, progress }) {
    const actions = Object.keys(PAIRS);
    const posts = Object.fromEntries(
      await Promise.all(actions.map(async (name) => [name, await linkedPostOf(name, link)] as const)),
    );
    const [toSplunk, toSegment] = [posts.splunk, posts.segment];
    if (!toSplunk || !toSegment) throw new Error('splunk and segment are not served');
    const subjects = [
      ...(await Promise.all(actions.map((name) => ours(name, linkedSecrets(name, link))))),
      ...Object.entries(posts).map(([name, post]) => baseline(`floor of ${name}`, 'floor', post)),
      baseline('Rule', 'rule', { ...toSplunk, strictSSL: false }),
      baseline('Rule, kept alive', 'rule', toSplunk),
      baseline('splunk-logging', 'splunk-logging', toSplunk),
      // It takes 300 ms.
      { ...baseline('@segment/analytics-node', 'segment-library', toSegment), every: isQuick ? 2 : 4 },
      baseline('analytics-node', 'analytics-node', toSegment),
    ];
    await warmUp(subjects, isQuick ? WARM_UP_LOGINS.quick : WARM_UP_LOGINS.full);
    const rounds = isQuick ? ROUNDS.quick : ROUNDS.full;
    const results = await playRounds(subjects, rounds, timeOf, progress);
    return Object.entries(PAIRS).flatMap(([name, baselines]) => [
      metric(name, 'ms', valuesOf(results, name)),
      ...baselines.map((other) => metric(other, 'ms', valuesOf(results, other))),
      ...baselines.map((other) => {
        const aims = other.startsWith('floor') ? [AIM] : [];
        return metric(`${name} / ${other}`, 'ratio', ratiosOf(results, name, other), ...aims);
      }),
    ]);
  },
};
