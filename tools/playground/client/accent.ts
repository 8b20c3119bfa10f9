/** The color of a destination, the same everywhere. An Action for several destinations has none. */
import type { State } from '../state.ts';

const ACCENTS = 12;

export const getAccent = ({ destinations }: State, name: string): string => {
  const index = destinations.findIndex((destination) => destination.name === name);
  return index < 0 ? 'accent-none' : `accent-${index % ACCENTS}`;
};
