/** One colour for each destination, everywhere. Actions without a destination of their own have none. */
import type { State } from '../state.ts';

export const accentOf = ({ destinations }: State, name: string): string => {
  const index = destinations.findIndex((destination) => destination.name === name);
  return index < 0 ? 'accent-none' : `accent-${index % 12}`;
};
