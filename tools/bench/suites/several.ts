/** Several destinations in one login: one Action for each, which Auth0 runs in sequence, or one Action for all. */
import { loadActions } from '../../shared/catalog.ts';
import { metric } from '../metrics.ts';
import { getRatios, getValues, measureTime, runRounds, warmUp } from '../rounds.ts';
import { createAction, getNetworkSecrets, type Secrets } from '../subjects.ts';
import type { Suite } from '../suite.ts';

const COUNTS = [1, 2, 4, 8];
const WARM_UP_LOGINS = { quick: 20, full: 200 };
const ROUNDS = { quick: 8, full: 100 };
/** The Action that records at every destination that has secrets. */
const ALL = 'all';
const THRESHOLD = { of: 'median', max: 1.15 } as const;

interface Destination {
  readonly name: string;
  readonly secrets: Secrets;
}

const mergeSecrets = (destinations: readonly Destination[]): Secrets =>
  Object.assign({}, ...destinations.map(({ secrets }) => secrets));

export const suite: Suite = {
  title: 'Several destinations in one login',
  needs: { network: true },
  async run({ network, isQuick, onProgress }) {
    const { sinks = [] } = (await loadActions()).find(({ name }) => name === ALL) ?? {};
    const destinations = sinks.map(({ name }) => ({ name, secrets: getNetworkSecrets(name, network) }));
    const counts = COUNTS.filter((count) => count <= destinations.length);
    const separate = await Promise.all(
      destinations.slice(0, Math.max(...counts)).map(({ name, secrets }) => createAction(name, secrets)),
    );
    const combined = await Promise.all(
      counts.map(async (count) => ({
        ...(await createAction(ALL, mergeSecrets(destinations.slice(0, count)))),
        name: `${count}: one Action`,
      })),
    );

    const subjects = [...separate, ...combined];
    await warmUp(subjects, isQuick ? WARM_UP_LOGINS.quick : WARM_UP_LOGINS.full);
    const roundCount = isQuick ? ROUNDS.quick : ROUNDS.full;
    const measured = await runRounds(subjects, roundCount, measureTime, onProgress);

    const toSeries = (count: number, reduce: (times: readonly number[]) => number): number[] => {
      const times = separate.slice(0, count).map(({ name }) => getValues(measured, name));
      return Array.from({ length: roundCount }, (_, round) => reduce(times.map((each) => each[round] ?? 0)));
    };
    const derived = counts.flatMap((count) => [
      [
        `${count}: one Action each`,
        toSeries(count, (times) => times.reduce((sum, ms) => sum + ms, 0)),
      ] as const,
      [`${count}: the slowest`, toSeries(count, (times) => Math.max(...times))] as const,
    ]);
    const rounds = new Map([...measured, ...derived]);
    return counts.flatMap((count) => {
      const [each, slowest, one] = ['one Action each', 'the slowest', 'one Action'].map(
        (name) => `${count}: ${name}`,
      ) as [string, string, string];
      return [
        metric(each, 'ms', getValues(rounds, each)),
        metric(`${each} / the slowest`, 'ratio', getRatios(rounds, each, slowest)),
        metric(one, 'ms', getValues(rounds, one)),
        metric(`${one} / the slowest`, 'ratio', getRatios(rounds, one, slowest), THRESHOLD),
      ];
    });
  },
};
