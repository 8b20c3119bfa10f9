/** At most one line a login, with no secret and no personal data. */
import querystring from 'node:querystring';
import { type Activity, personalData } from './activity.ts';
import type { Delivery } from './deliver.ts';
import { ConfigError, DeliveryError, NotMarkedError, RejectedError } from './errors.ts';
import { readSecret } from './secrets.ts';

/** What came of a login at one destination; under the name of the Action if it did not get as far as that. */
export type Outcome = { readonly name: string } & (
  | { readonly skipped: string }
  | { readonly activity: Activity; readonly delivery: Delivery }
  | { readonly activity?: Activity | undefined; readonly error: unknown }
);

/** Auth0 stores 256 characters of what an Action prints. https://auth0.com/docs/customize/actions/limitations */
const LINE_LIMIT_CHARS = 255;

const QUOTE_LIMIT_CHARS = 80;

/** Shorter values identify nobody, and taking them out would tear words apart. */
const PRIVATE_MIN_CHARS = 4;

const SEPARATOR = '; ';

/** Writes what there is to say in one line. A console that fails does not fail the login. */
export const log = (actionName: string, parts: readonly string[]): void => {
  if (parts.length === 0) return;
  const start = `[${actionName}] `;
  try {
    console.log(start + join(parts, LINE_LIMIT_CHARS - start.length));
  } catch {}
};

/** Where it would be too long, the longest parts are cut to one length, so that none is lost. */
const join = (parts: readonly string[], limitChars: number): string => {
  const roomChars = limitChars - SEPARATOR.length * (parts.length - 1);
  const sumOf = (partChars: number) =>
    parts.reduce((sum, { length }) => sum + Math.min(length, partChars), 0);
  let partChars = roomChars;
  while (sumOf(partChars) > roomChars) partChars -= 1;
  return parts
    .map((part) => (part.length > partChars ? `${part.slice(0, partChars - 1)}…` : part))
    .join(SEPARATOR);
};

/** What there is to say of each destination; of a success only with LOG=all. What several have in common is said once. */
export const summarize = (
  actionName: string,
  outcomes: readonly Outcome[],
  secrets: unknown,
): readonly string[] => {
  const problems = () => new ConfigError(new Map(outcomes.flatMap(problemsOf)));
  const textOf = (outcome: Outcome): string => {
    if ('skipped' in outcome) return outcome.skipped;
    if (!('error' in outcome)) return report(outcome.activity, outcome.delivery, secrets);
    const { error, activity } = outcome;
    return explain(error instanceof ConfigError ? problems() : error, activity, secrets);
  };
  const names = new Map<string, string[]>();
  for (const outcome of outcomes) {
    if (!isNews(outcome) && readSecret(secrets, 'LOG') !== 'all') continue;
    const text = textOf(outcome);
    names.set(text, [...(names.get(text) ?? []), outcome.name]);
  }
  return Array.from(names, ([text, of]) => (of.includes(actionName) ? text : `${of.join(', ')}: ${text}`));
};

const isNews = (outcome: Outcome): boolean =>
  'error' in outcome || ('delivery' in outcome && outcome.delivery.refusal !== undefined);

const problemsOf = (outcome: Outcome) =>
  'error' in outcome && outcome.error instanceof ConfigError ? [...outcome.error.problems] : [];

/** What kept a login from being recorded, and who must act. `activity` is missing where it did not get that far. */
export const explain = (error: unknown, activity: Activity | undefined, secrets: unknown): string => {
  if (error instanceof ConfigError) return explainConfig(error);
  if (error instanceof NotMarkedError) return 'SignUp delivered, but app_metadata did not take the mark';
  const what = activity?.type ?? 'Login';
  if (!(error instanceof DeliveryError)) return `${what} not delivered: ${describe(error, [])}`;
  const privateValues = [...Object.values(secrets ?? {}), ...(activity ? personalData(activity) : [])];
  const advice = error.advice ? `; ${error.advice}` : '';
  const again =
    error instanceof RejectedError && what === 'SignUp' ? "; sent again at the user's next login" : '';
  return `${what} not delivered: ${describe(error, privateValues)}${error.fate}${advice}${again}`;
};

/** What came of a delivery that succeeded. */
export const report = (
  activity: Activity,
  { durationMs, along, refusal }: Delivery,
  secrets: unknown,
): string => {
  const others = along > 0 ? `, with ${along} kept` : '';
  const line = `${activity.type} delivered in ${durationMs} ms${others}`;
  if (!refusal) return line;
  const { error, refused } = refusal;
  const privateValues = [...Object.values(secrets ?? {}), ...refused.flatMap(personalData)];
  return `${line}; ${refused.length} kept refused and dropped: ${describe(error, privateValues)}`;
};

const describe = (error: unknown, privateValues: readonly unknown[]): string => {
  if (!(error instanceof DeliveryError))
    return `unexpected ${error instanceof Error ? error.name : typeof error}`;
  const said = quote(error.vendorText, privateValues);
  return said ? `${error.status ?? ''} ${said}`.trim() : error.message;
};

const explainConfig = ({ message, problems }: ConfigError): string => {
  const line = `Not configured: ${message}`;
  return line.length < LINE_LIMIT_CHARS - 40
    ? line
    : `Not configured, correct ${[...problems.keys()].join(' ')}`;
};

/** A foreign text fit for a log line: without the private values, which it may repeat, on one line, and short. */
const quote = (text: string, privateValues: readonly unknown[]): string =>
  privateValues
    .map((value) => (typeof value === 'string' ? value.trim() : ''))
    .flatMap(partsOf)
    .filter((value) => value.length >= PRIVATE_MIN_CHARS)
    // As it is, in JSON, and in base64, alone and as the user name of Basic authentication.
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), btoaUtf8(value), btoaUtf8(`${value}:`)])
    // The longest first, because one can hold another.
    .sort((one, other) => other.length - one.length)
    .reduce((rest, value) => rest.replaceAll(value, '***'), text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, QUOTE_LIMIT_CHARS);

/** A secret, and what of it tells enough alone: the secret of `name:secret`, headers in a list, tokens in an address. */
const partsOf = (value: string): string[] => [
  value,
  value.slice(value.indexOf(':') + 1),
  ...headersIn(value),
  ...tokensIn(value),
];

/** Whoever knows the address of a webhook can write to it, by what is in its path or query: whatever of it has a digit. */
const tokensIn = (value: string): string[] =>
  URL.canParse(value) ? value.split(/[/?&=]/).filter((part) => /\d/.test(part)) : [];

/** The values of a list of headers: `Basic YWRh`, `YWRh` and `abc` of `Authorization=Basic%20YWRh,x-key=abc`. */
const headersIn = (value: string): string[] =>
  Array.from(value.matchAll(/[^,=]+=([^,]+)/g), ([, encoded = '']) => querystring.unescape(encoded)).flatMap(
    (header) => [header, header.replace(/^\S+ +/, '')],
  );

const btoaUtf8 = (text: string): string => Buffer.from(text).toString('base64');
