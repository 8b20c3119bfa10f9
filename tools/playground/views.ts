/** What the page is told, from what the playground knows. */
import type { Event } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { ConfigError } from '../../lib/errors.ts';
import { readSecret, readSecrets, type SecretsSchema, settings } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import type { ActionRun } from '../simulator/auth0/flow.ts';
import { getOutcome } from '../simulator/outcomes.ts';
import { MASK, maskHeaders, maskText } from '../simulator/redact-secrets.ts';
import type { ReceivedRequest } from '../simulator/vendors/vendor-mock.ts';
import type { Exchange } from './observe.ts';
import type { DestinationState, RunDetails, RunRow, SecretState } from './state.ts';

type Secrets = Readonly<Record<string, string>>;
type Entry = SecretsSchema['entries'][string];

/** What was seen of one Action in one login. */
export interface Observed {
  readonly event: Event;
  readonly exchanges: readonly Exchange[];
  /** Not to be shown. */
  readonly credentials: readonly string[];
}

const LISTED_ACTIVITIES = 6;
/** Two minutes in all. */
const CHART_BARS = 40;
const CHART_BAR_MS = 3000;

/** All that an Action reads. */
export const entriesOf = (sinks: readonly Sink[]): Record<string, Entry> =>
  Object.assign({}, ...sinks.map(({ secrets }) => secrets.entries), settings.entries);

export const secretStates = (sinks: readonly Sink[], secrets: Secrets, embedded: Secrets): SecretState[] =>
  Object.entries(entriesOf(sinks)).map(([name, schema]) => ({
    name,
    description: v.getDescription('wrapped' in schema ? (schema.wrapped as Entry) : schema) ?? '',
    isRequired: schema.type !== 'optional',
    isSet: readSecret(secrets, name) !== undefined,
    isChanged: secrets[name] !== embedded[name],
    fallback: String(Reflect.get(schema, 'default') ?? ''),
    isSetting: name in settings.entries,
    ...(name in settings.entries && name !== 'HASH_KEY' && { value: readSecret(secrets, name) ?? '' }),
    choices: choicesOf(schema),
  }));

/** What is wrong with an Action's secrets, by their names; '' if nothing is. */
export const problemOf = ({ secrets: schema }: Sink, secrets: Secrets): string => {
  try {
    readSecrets(schema, secrets);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

/** The default where there is none, or none that the Action takes. */
export const deadlineOf = (secrets: Secrets): number => {
  const schema = settings.entries.DELIVERY_TIMEOUT_MS;
  const { success, output } = v.safeParse(schema, readSecret(secrets, 'DELIVERY_TIMEOUT_MS'));
  return success ? output : v.parse(schema, undefined);
};

export const runRow = (
  { name, durationMs, logs, error }: ActionRun,
  exchanges: readonly Exchange[],
  deadlineMs: number,
): RunRow => {
  const [, type] = /(SignUp|Login) (?:not )?(?:delivered|skipped)/.exec(logs) ?? [];
  const [, along] = /, with (\d+) kept/.exec(logs) ?? [];
  const told = exchanges.find(({ status = Infinity }) => status >= 300) ?? exchanges[0];
  const withoutLine = exchanges.length > 0 ? 'delivered' : 'skipped';
  return {
    name,
    durationMs,
    deadlineMs,
    outcome: logs === '' && error === undefined ? withoutLine : getOutcome(logs),
    ...(type && { type: type as 'SignUp' | 'Login' }),
    along: Number(along ?? 0),
    answer: told ? String(told.status ?? told.error ?? '') : '',
  };
};

export const runDetails = (
  row: RunRow,
  { logs }: ActionRun,
  { event, exchanges, credentials }: Observed,
): RunDetails => ({
  ...row,
  log: logs.trimEnd(),
  event: JSON.stringify({ ...event, secrets: masked(event.secrets) }, null, 2),
  exchanges: exchanges.map((exchange) => ({
    ...exchange,
    url: maskText(exchange.url, credentials),
    headers: maskHeaders(exchange.headers),
    body: maskText(pretty(exchange.body), credentials),
    answerHeaders: maskHeaders(exchange.answerHeaders),
    answer: maskText(pretty(exchange.answer), credentials),
  })),
});

const masked = (secrets: Secrets): Secrets =>
  Object.fromEntries(Object.keys(secrets).map((name) => [name, MASK]));

/** Indented, if it is JSON, or JSON line by line. */
const pretty = (text: string): string => {
  try {
    return text
      .split('\n')
      .map((line) => JSON.stringify(JSON.parse(line), null, 2))
      .join('\n');
  } catch {
    return text;
  }
};

/** What a destination has, of all that it was sent. */
export const activityState = (
  requests: readonly ReceivedRequest[],
  nameOf: (userId: string) => string,
): Pick<DestinationState, 'signUps' | 'logins' | 'repeated' | 'activities' | 'chart'> => {
  const all = requests.flatMap(({ at, accepted }, request) =>
    accepted.flatMap(({ type, userId, duplicate }, index) =>
      type === 'other'
        ? []
        : { key: `${request} ${index}`, at, type, user: nameOf(userId), isRepeated: duplicate },
    ),
  );
  const counted = all.filter(({ isRepeated }) => !isRepeated);
  const bars = Array.from({ length: CHART_BARS }, () => ({ signUps: 0, logins: 0 }));
  const lastBar = Math.floor(Date.now() / CHART_BAR_MS);
  for (const { at, type } of counted) {
    const bar = bars[CHART_BARS - 1 - (lastBar - Math.floor(Date.parse(at) / CHART_BAR_MS))];
    if (bar) bar[type === 'SignUp' ? 'signUps' : 'logins'] += 1;
  }
  const signUps = counted.filter(({ type }) => type === 'SignUp').length;
  return {
    signUps,
    logins: counted.length - signUps,
    repeated: all.length - counted.length,
    activities: all.slice(-LISTED_ACTIVITIES).reverse(),
    chart: bars,
  };
};

/** By the nearest rank. */
export const percentilesOf = (latencies: readonly number[]): DestinationState['latency'] => {
  if (latencies.length === 0) return null;
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (percent: number) => sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
  return { p50: at(50), p95: at(95), p99: at(99) };
};

const choicesOf = (schema: unknown): readonly string[] => {
  const { wrapped, pipe, type, options } = Object(schema);
  if (type === 'picklist') return options;
  const part = wrapped ?? (pipe?.[0] === schema ? undefined : pipe?.[0]);
  return part === undefined ? [] : choicesOf(part);
};
