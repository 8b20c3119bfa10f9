/** Rounds in which all do the same, one after the other, in an order that is drawn: what disturbs one disturbs all alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './subjects.ts';

/** By subject, one value a round; undefined where it did not take part. */
export type Results = ReadonlyMap<string, ReadonlyArray<number | undefined>>;

/** What one leaves behind is done with before the next one begins. */
const PAUSE_MS = 2;
const CONCURRENT_LOGINS = 20;

/** An instance that has been there for a while: its code is compiled, its connection is open. */
export const warmUp = async (subjects: readonly Subject[], logins: number): Promise<void> => {
  for (const { send } of subjects) {
    for (let done = 0; done < logins; done += CONCURRENT_LOGINS) {
      await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, send));
    }
  }
};

export const playRounds = async (
  subjects: ReadonlyArray<Subject & { readonly every?: number }>,
  rounds: number,
  measure: (subject: Subject) => Promise<number>,
  onRound: (done: number, total: number) => void = () => {},
): Promise<Results> => {
  const results = new Map(subjects.map(({ name }) => [name, new Array<number | undefined>(rounds)]));
  for (let round = 0; round < rounds; round += 1) {
    const playing = subjects.filter(({ every = 1 }) => round % every === 0);
    for (const subject of shuffled(playing)) {
      const values = results.get(subject.name);
      if (values) values[round] = await measure(subject);
      await sleep(PAUSE_MS);
    }
    onRound(round + 1, rounds);
  }
  return results;
};

/** Milliseconds that it takes. */
export const timeOf = async ({ send }: Subject): Promise<number> => {
  const start = performance.now();
  await send();
  return performance.now() - start;
};

export const valuesOf = (results: Results, name: string): number[] =>
  (results.get(name) ?? []).filter((value) => value !== undefined);

/** One against the other, by round. */
export const ratiosOf = (results: Results, one: string, other: string): number[] => {
  const others = results.get(other) ?? [];
  return (results.get(one) ?? []).flatMap((value, round) => {
    const against = others[round];
    return value === undefined || against === undefined ? [] : value / against;
  });
};

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
