import { format, NOT_A_BASE_URL, toBaseUrl } from '../../lib/formats.ts';

/** A URL that is a credential: who knows it can send. */
export const secretUrl = format(
  NOT_A_BASE_URL,
  (input) => (/^[!-~]+$/.test(input) ? toBaseUrl(input) : undefined),
  { sensitive: true },
);
