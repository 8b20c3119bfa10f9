/** The CPU time of a login, without the network. */

import type { CapturedRequest } from '../baselines.ts';
import { metric } from '../metrics.ts';
import { getRatios, getValues, runRounds } from '../rounds.ts';
import { stubNetwork } from '../stub-socket.ts';
import {
  acceptRequest,
  captureRequest,
  createAction,
  createBaseline,
  createMinimalAction,
  getSecrets,
  type Subject,
} from '../subjects.ts';
import type { Suite } from '../suite.ts';

const MINIMAL = 'an Action that is one axios POST';
const ACTIONS = ['splunk', 'keen', 'segment-http', 'segment'];
const ROUNDS = { quick: 10, full: 60 };
const LOGINS_PER_ROUND = 200;
/** Enough for V8 to compile the code as it does in an instance that has served for a while. */
const WARM_UP_LOGINS = 1000;
const THRESHOLD = { of: 'median', max: 1.3 } as const;

/** Nothing listens there: each Action has a port of the stub. */
const toStubUrl = (index: number): string => `http://127.0.0.1:${index + 1}`;

/** Microseconds of CPU time that this process needs for a login. */
const measureCpu = async ({ recordLogin }: Subject): Promise<number> => {
  const start = process.cpuUsage();
  for (let login = 0; login < LOGINS_PER_ROUND; login += 1) await recordLogin();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / LOGINS_PER_ROUND;
};

export const suite: Suite = {
  title: 'CPU time of a login, without the network',
  needs: {},
  async run({ isQuick, onProgress }) {
    const requests = await Promise.all(ACTIONS.map((name, index) => captureRequest(name, toStubUrl(index))));
    const [request] = requests as [CapturedRequest];
    const responses = await Promise.all(
      requests.map(
        async (each, index) => [index + 1, await acceptRequest(ACTIONS[index] ?? '', each)] as const,
      ),
    );
    stubNetwork(new Map(responses));
    const subjects = [
      ...(await Promise.all(
        ACTIONS.map((name, index) => createAction(name, getSecrets(name, toStubUrl(index)))),
      )),
      createMinimalAction(MINIMAL, request),
      createBaseline('raw http', 'raw-https', request),
    ];
    for (const { recordLogin } of subjects) {
      for (let login = 0; login < WARM_UP_LOGINS; login += 1) await recordLogin();
    }
    const rounds = await runRounds(subjects, isQuick ? ROUNDS.quick : ROUNDS.full, measureCpu, onProgress);
    return [
      ...subjects.map(({ name }) => metric(name, 'µs', getValues(rounds, name))),
      ...ACTIONS.map((name) =>
        metric(`${name} / ${MINIMAL}`, 'ratio', getRatios(rounds, name, MINIMAL), THRESHOLD),
      ),
    ];
  },
};
