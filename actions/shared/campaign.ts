import type { Visitor } from '../../lib/visitor.ts';

/** The campaign that led to the sign-up, under the names by which the vendor's browser SDK keeps a user's first one. */
export const toInitial = (
  { campaign, referrer }: Visitor,
  prefix: '$initial_' | 'initial_',
): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    Object.entries({ ...campaign, referrer }).map(([name, value]) => [`${prefix}${name}`, value]),
  );
