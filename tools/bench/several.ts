/** What several destinations cost a login: an Action for each, one after the other as Auth0 runs them, or one for all. */
import { readManifest } from '../shared/manifest.ts';
import type { Link } from './link.ts';
import { metric, type Suite } from './metrics.ts';
import { playRounds, ratiosOf, timeOf, valuesOf, warmUp } from './rounds.ts';
import { linkedSecrets, ours, type Secrets, signUpOf } from './subjects.ts';

const COUNTS = [1, 2, 4, 8];
const WARM_UP_LOGINS = { quick: 20, full: 200 };
const ROUNDS = { quick: 8, full: 100 };
/** The Action that sends to every destination it has secrets for. */
const ALL = 'all';
const AIM = { of: 'median', atMost: 1.15 } as const;

/** Of destinations that one Action can have side by side: none needs another value for a secret of the same name. */
const combinable = (names: readonly string[], link: Link): Array<{ name: string; secrets: Secrets }> => {
  const chosen: Array<{ name: string; secrets: Secrets }> = [];
  for (const name of names) {
    const secrets = linkedSecrets(name, link);
    const others: Secrets = Object.assign({}, ...chosen.map((other) => other.secrets));
    if (Object.entries(secrets).every(([key, value]) => (others[key] ?? value) === value)) {
      chosen.push({ name, secrets });
    }
  }
  return chosen;
};

export const section: Suite = {
  title: 'Several destinations in one login',
  needs: { link: true },
  async run({ link, isQuick, progress }) {
    const actions = readManifest().actions.map(({ name }) => name);
    const chosen = combinable(
      actions.filter((name) => name !== ALL && link.destinations[name]),
      link,
    );
    const places = Array.from({ length: Math.max(...COUNTS) }, (_, index) => `place ${index}`);
    const separate = await Promise.all(
      places.map(async (place, index) => {
        // Where there are fewer destinations than that, some have several Actions.
        const { name = '', secrets = {} } = chosen[index % chosen.length] ?? {};
        return { ...(await ours(name, secrets, signUpOf)), name: place };
      }),
    );
    const together = await Promise.all(
      COUNTS.filter((count) => actions.includes(ALL) && count <= chosen.length).map(async (count) => {
        const secrets = Object.assign({}, ...chosen.slice(0, count).map((each) => each.secrets));
        return { ...(await ours(ALL, secrets, signUpOf)), name: `${count}, one Action`, count };
      }),
    );

    const subjects = [...separate, ...together];
    await warmUp(subjects, isQuick ? WARM_UP_LOGINS.quick : WARM_UP_LOGINS.full);
    const rounds = isQuick ? ROUNDS.quick : ROUNDS.full;
    const played = await playRounds(subjects, rounds, timeOf, progress);
    const derived = COUNTS.flatMap((count) => {
      const durations = places.slice(0, count).map((place) => valuesOf(played, place));
      const byRound = Array.from({ length: rounds }, (_, round) => durations.map((all) => all[round] ?? 0));
      return [
        [`${count}, an Action each`, byRound.map((all) => all.reduce((sum, ms) => sum + ms, 0))] as const,
        [`${count}, the slowest`, byRound.map((all) => Math.max(...all))] as const,
      ];
    });
    const results = new Map([...played, ...derived]);
    return COUNTS.flatMap((count) => {
      const [each, slowest, one] = ['an Action each', 'the slowest', 'one Action'].map(
        (which) => `${count}, ${which}`,
      ) as [string, string, string];
      return [
        metric(each, 'ms', valuesOf(results, each)),
        metric(`${each} / the slowest`, 'ratio', ratiosOf(results, each, slowest)),
        ...(results.has(one)
          ? [
              metric(one, 'ms', valuesOf(results, one)),
              metric(`${one} / the slowest`, 'ratio', ratiosOf(results, one, slowest), AIM),
            ]
          : []),
      ];
    });
  },
};
