/**
 * Rounds in which every subject records a login, one after another in random order: whatever else the machine does
 * disturbs all subjects alike, so the ratios of adjacent runs hardly depend on it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './subjects.ts';

/** Name of a subject → one value per round; undefined where the subject sat out. */
export type RoundValues = ReadonlyMap<string, ReadonlyArray<number | undefined>>;

interface Participant {
  readonly name: string;
  /** Takes part in every nth round only, because it is slow. */
  readonly everyNthRound?: number;
}

/** Lets a subject finish its work in the background before the next one starts. */
const SETTLE_MS = 2;
const CONCURRENT_LOGINS = 20;

/** Makes the instances warm: their code is compiled and their connections are open. */
export const warmUp = async (subjects: readonly Subject[], logins: number): Promise<void> => {
  for (const { recordLogin } of subjects) {
    for (let done = 0; done < logins; done += CONCURRENT_LOGINS) {
      await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, recordLogin));
    }
  }
};

export const runRounds = async <S extends Participant>(
  subjects: readonly S[],
  rounds: number,
  measure: (subject: S) => Promise<number>,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<RoundValues> => {
  const values = new Map(subjects.map(({ name }) => [name, new Array<number | undefined>(rounds)]));
  for (let round = 0; round < rounds; round += 1) {
    const participants = subjects.filter(({ everyNthRound = 1 }) => round % everyNthRound === 0);
    for (const subject of shuffle(participants)) {
      const ofSubject = values.get(subject.name);
      if (ofSubject) ofSubject[round] = await measure(subject);
      await sleep(SETTLE_MS);
    }
    onProgress(round + 1, rounds);
  }
  return values;
};

/** Milliseconds that a login takes. */
export const measureTime = async ({ recordLogin }: Subject): Promise<number> => {
  const start = performance.now();
  await recordLogin();
  return performance.now() - start;
};

export const getValues = (rounds: RoundValues, name: string): number[] =>
  (rounds.get(name) ?? []).filter((value) => value !== undefined);

/** The ratios of adjacent runs, of the rounds in which both subjects took part. */
export const getRatios = (rounds: RoundValues, name: string, baseline: string): number[] => {
  const baselineValues = rounds.get(baseline) ?? [];
  return (rounds.get(name) ?? []).flatMap((value, round) => {
    const baselineValue = baselineValues[round];
    return value === undefined || baselineValue === undefined ? [] : value / baselineValue;
  });
};

const shuffle = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
