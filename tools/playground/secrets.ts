/** The secrets of an Action, from the declarations of its sinks. */
import { ConfigError } from '../../lib/errors.ts';
import { type Problems, readSecret, type SecretDeclarations, selectConfigured } from '../../lib/secrets.ts';
import { parseSecrets, settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';

type Secrets = Readonly<Record<string, string>>;

/** Every secret that an Action reads, the settings last. */
export const declareSecrets = (sinks: readonly Sink[]): SecretDeclarations =>
  Object.assign({}, ...sinks.map(({ secrets }) => secrets), settings);

/** What is wrong with the secrets of an Action, by their names; '' if nothing is. */
export const describeProblems = (sinks: readonly Sink[], secrets: Secrets): string => {
  const selected = selectConfigured(sinks, (sink) => sink.secrets, secrets);
  if (selected.length === 0) return 'the secrets of at least one destination are missing';
  return Object.entries(findProblems(sinks, secrets))
    .map((problem) => problem.join(' '))
    .join('; ');
};

/** By the name of the secret. */
export const findProblems = (sinks: readonly Sink[], secrets: Secrets): Problems => {
  const problems: Record<string, string> = {};
  for (const sink of selectConfigured(sinks, ({ secrets: declared }) => declared, secrets)) {
    try {
      parseSecrets(sink, secrets);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      Object.assign(problems, Object.fromEntries(error.problems));
    }
  }
  return problems;
};

/** How long an Action makes a login wait at most: the default if the secret is malformed. */
export const getDeadlineMs = (secrets: Secrets): number => {
  const { parse, defaultValue = '' } = settings.DELIVERY_TIMEOUT_MS;
  const parsed = parse(readSecret(secrets, 'DELIVERY_TIMEOUT_MS') ?? defaultValue);
  return 'value' in parsed ? parsed.value : Number(defaultValue);
};
