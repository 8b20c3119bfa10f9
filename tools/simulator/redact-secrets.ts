/** Removes credentials from a request, so that it can be shown to people. */
import { getSensitiveValues } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import { getDeclarations } from '../shared/catalog.ts';

export const MASK = '***';

/** Headers that hold no credential, whatever the vendor. */
const PUBLIC_HEADERS =
  /^(accept.*|connection|content-.*|date|host|keep-alive|retry-after|transfer-encoding|user-agent|webhook-id|webhook-timestamp|x-splunk-request-channel)$/;

/** The values among an Action's secrets that must not be shown. */
export const getCredentials = (sinks: readonly Sink[], secrets: Readonly<Record<string, string>>): string[] =>
  getSensitiveValues(getDeclarations(sinks), secrets);

/** Keeps the scheme of the authorization: `Splunk ***`. */
export const maskHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (PUBLIC_HEADERS.test(name)) return [name, value];
      return [name, name === 'authorization' ? value.replace(/\S+$/, MASK) : MASK];
    }),
  );

/** The longest credential first, as another one can be a part of it. */
export const maskText = (text: string, credentials: readonly string[]): string =>
  credentials
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, credential) => masked.replaceAll(credential, MASK), text);
