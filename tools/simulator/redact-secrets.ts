/** What of a request may be shown to people: everything but its credentials. */
import { credential, readSecret, settings } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';

export const MASK = '***';

/** Headers that are no credentials, whoever the vendor is. */
const PLAIN_HEADERS =
  /^(accept.*|connection|content-.*|date|host|keep-alive|retry-after|transfer-encoding|user-agent|webhook-id|webhook-timestamp|x-splunk-request-channel)$/;

/** The values among an Action's secrets that must not be shown. */
export const credentialsOf = (sinks: readonly Sink[], given: Readonly<Record<string, string>>): string[] => {
  const entries = Object.entries(
    Object.assign({}, settings.entries, ...sinks.map((sink) => sink.secrets.entries)),
  );
  const names = entries.flatMap(([name, schema]) =>
    isCredential(schema) || name === 'HASH_KEY' ? name : [],
  );
  return names.flatMap((name) => readSecret(given, name) ?? []);
};

/** Of `Splunk 5f1d…` the scheme stays. */
export const maskHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (PLAIN_HEADERS.test(name)) return [name, value];
      return [name, name === 'authorization' ? value.replace(/\S+$/, MASK) : MASK];
    }),
  );

export const maskText = (text: string, credentials: readonly string[]): string =>
  credentials
    .toSorted((one, other) => other.length - one.length)
    .reduce((masked, value) => masked.replaceAll(value, MASK), text);

/** Whether a schema is made of the `credential` of lib/secrets.ts. */
const isCredential = (schema: unknown): boolean => {
  if (schema === undefined) return false;
  const { wrapped, pipe } = Object(schema);
  return schema === credential || isCredential(wrapped) || isCredential(pipe?.[0]);
};
