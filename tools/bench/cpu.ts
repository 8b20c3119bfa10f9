/** What a login takes of the processor, without the network. */

import { metric, type Suite } from './metrics.ts';
import { playRounds, ratiosOf, valuesOf } from './rounds.ts';
import { silenceNetwork } from './silent-socket.ts';
import { bareAction, baseline, ours, postOf, type Subject, secretsFor } from './subjects.ts';

const BARE = 'an Action that is one axios POST';
const ACTIONS = ['splunk', 'keen', 'segment-http', 'segment'];
const ROUNDS = { quick: 10, full: 60 };
const LOGINS_PER_ROUND = 200;
/** So that the code is compiled as it is in an instance that has been there for a while. */
const WARM_UP_LOGINS = 1000;
const AIM = { of: 'median', atMost: 1.3 } as const;

const ANSWER = JSON.stringify({ text: 'Success', code: 0 });
const NOWHERE = 'http://127.0.0.1:9';

/** Microseconds a login, of the process. */
const measure = async ({ send }: Subject): Promise<number> => {
  const start = process.cpuUsage();
  for (let login = 0; login < LOGINS_PER_ROUND; login += 1) await send();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / LOGINS_PER_ROUND;
};

export const section: Suite = {
  title: 'What a login takes of the processor, without the network',
  needs: {},
  async run({ isQuick, progress }) {
    const { path, ...post } = await postOf('splunk');
    silenceNetwork(ANSWER);
    const toNowhere = { ...post, url: NOWHERE + path };
    const subjects = [
      ...(await Promise.all(ACTIONS.map((name) => ours(name, secretsFor(name, NOWHERE))))),
      bareAction(BARE, toNowhere),
      baseline('floor', 'floor', toNowhere),
    ];
    for (const { send } of subjects) {
      for (let login = 0; login < WARM_UP_LOGINS; login += 1) await send();
    }
    const rounds = isQuick ? ROUNDS.quick : ROUNDS.full;
    const results = await playRounds(subjects, rounds, measure, progress);
    return [
      ...subjects.map(({ name }) => metric(name, 'µs', valuesOf(results, name))),
      ...ACTIONS.map((name) => metric(`${name} / ${BARE}`, 'ratio', ratiosOf(results, name, BARE), AIM)),
    ];
  },
};
