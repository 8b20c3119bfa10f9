/** At most one line a login, with no secret and no personal data. */
import { type Activity, personalData } from './activity.ts';
import type { Delivery } from './deliver.ts';
import { ConfigError, DeliveryError, NotMarkedError, RejectedError } from './errors.ts';

/** Auth0 stores 256 characters of what an Action prints. https://auth0.com/docs/customize/actions/limitations */
const LINE_LIMIT_CHARS = 255;

const QUOTE_LIMIT_CHARS = 80;

/** Shorter values identify nobody, and taking them out would tear words apart. */
const PRIVATE_MIN_CHARS = 4;

/** Writes one line. A console that fails does not fail the login. */
export const log = (sinkName: string, message: string): void => {
  try {
    console.log(`[${sinkName}] ${message}`.slice(0, LINE_LIMIT_CHARS));
  } catch {}
};

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

const explainConfig = ({ message, secretNames }: ConfigError): string => {
  const line = `Not configured: ${message}`;
  return line.length < LINE_LIMIT_CHARS - 40 ? line : `Not configured, correct ${secretNames.join(' ')}`;
};

/** A foreign text fit for a log line: without the private values, which it may repeat, on one line, and short. */
const quote = (text: string, privateValues: readonly unknown[]): string =>
  privateValues
    .map((value) => (typeof value === 'string' ? value.trim() : ''))
    .flatMap((value) => [value, ...tokensIn(value)])
    .filter((value) => value.length >= PRIVATE_MIN_CHARS)
    // As it is, in JSON, and in base64, alone and as the user name of Basic authentication.
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), btoaUtf8(value), btoaUtf8(`${value}:`)])
    // The longest first, because one can hold another.
    .sort((one, other) => other.length - one.length)
    .reduce((rest, value) => rest.replaceAll(value, '***'), text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, QUOTE_LIMIT_CHARS);

/** Who knows the address of a webhook can write to it, by what is in its path or query: whatever of it has a digit. */
const tokensIn = (value: string): string[] =>
  URL.canParse(value) ? value.split(/[/?&=]/).filter((part) => /\d/.test(part)) : [];

const btoaUtf8 = (text: string): string => Buffer.from(text).toString('base64');
