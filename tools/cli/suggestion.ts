import { closest, distance } from 'fastest-levenshtein';

const DISTANCE_LIMIT = 3;
const SIMILARITY_LIMIT = 0.4;

/** `, did you mean splunk?` for `splnk`; empty where no name is similar. */
export const suggest = (name: string, known: readonly string[]): string => {
  const candidate = closest(name, known);
  const edits = distance(name, candidate);
  const isSimilar =
    edits <= DISTANCE_LIMIT && 1 - edits / Math.max(name.length, candidate.length) > SIMILARITY_LIMIT;
  return isSimilar ? `, did you mean ${candidate}?` : '';
};
