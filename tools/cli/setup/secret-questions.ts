/** Asks for the secrets of an Action. Each is checked as it is typed, by what the destination declares. */
import { ConfigError } from '../../../lib/errors.ts';
import { readSecret, type Secret, type SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets, settings } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import { askHidden, askText, choose } from '../ask.ts';
import type { Context } from '../context.ts';
import type { Secrets } from '../secret-values.ts';

/** Settings that are offered first: what is sent of a user, and what of it is the tenant's own. */
const FIRST_SETTINGS = ['OMIT_FIELDS', 'HASH_FIELDS', 'PROPERTIES', 'USER_PROPERTIES', 'ANONYMOUS_ID'];

/** @param given are not asked for again, unless they are malformed. */
export const askForSecrets = async (
  context: Context,
  sinks: readonly Sink[],
  given: Secrets,
): Promise<Secrets> => {
  const secrets: Record<string, string> = { ...given };
  for (const sink of sinks) {
    context.printError(`\n${sink.title}: ${sink.docs[0]}`);
    await askForRequired(context, sink.secrets, secrets);
    await askForChosen(context, `More secrets of ${sink.name}`, sink.secrets, secrets);
  }
  const first = FIRST_SETTINGS.map((name) => [name, Reflect.get(settings, name) as Secret] as const);
  context.printError('\nEvery destination');
  await askForChosen(
    context,
    'Privacy, properties and other settings',
    { ...Object.fromEntries(first), ...settings },
    secrets,
  );
  await correct(context, sinks, secrets);
  return secrets;
};

const askForRequired = async (
  context: Context,
  declarations: SecretDeclarations,
  secrets: Record<string, string>,
): Promise<void> => {
  for (const [name, secret] of Object.entries(declarations)) {
    if (secret.required && readSecret(secrets, name) === undefined) {
      secrets[name] = await askForSecret(context, name, secret);
    }
  }
};

/** Those that can be left out, of which the operator chooses first. */
const askForChosen = async (
  context: Context,
  message: string,
  declarations: SecretDeclarations,
  secrets: Record<string, string>,
): Promise<void> => {
  const choices = Object.entries(declarations)
    .filter(([name, secret]) => !secret.required && readSecret(secrets, name) === undefined)
    .map(([name, { description, defaultValue }]) => ({
      value: name,
      description: `${description}${defaultValue ? ` (default: ${defaultValue})` : ''}`,
    }));
  if (choices.length === 0) return;
  for (const name of await choose(context, `${message} (Enter keeps the defaults)`, choices)) {
    secrets[name] = await askForSecret(context, name, declarations[name] as Secret);
  }
};

const askForSecret = (context: Context, name: string, secret: Secret): Promise<string> => {
  const { description, defaultValue, choices, sensitive, required } = secret;
  const getProblem = (answer: string): string | undefined => {
    if (answer === '') return required ? 'is missing' : 'is empty';
    const parsed = secret.parse(answer);
    return 'value' in parsed ? undefined : parsed.problem;
  };
  const question = {
    message: `${name}, ${description}${choices ? ` (${choices.join(', ')})` : ''}:`,
    defaultValue: defaultValue || undefined,
    getProblem: (answer: string) => {
      const problem = getProblem(answer);
      return problem && `${name} ${problem}`;
    },
  };
  return sensitive ? askHidden(context, question) : askText(context, question);
};

/** Asks again for what is malformed, also for what is wrong in combination. */
const correct = async (
  context: Context,
  sinks: readonly Sink[],
  secrets: Record<string, string>,
): Promise<void> => {
  for (;;) {
    const problems = findProblems(sinks, secrets);
    if (problems.size === 0) return;
    for (const [name, problem] of problems) {
      context.printError(`${name} ${problem}`);
      const declarations: SecretDeclarations = Object.assign(
        {},
        settings,
        ...sinks.map((sink) => sink.secrets),
      );
      secrets[name] = await askForSecret(context, name, declarations[name] as Secret);
    }
  }
};

/** Name of a secret → what is wrong with it. */
export const findProblems = (sinks: readonly Sink[], secrets: Secrets): ReadonlyMap<string, string> => {
  const problems = new Map<string, string>();
  for (const sink of sinks) {
    try {
      parseSecrets(sink, secrets);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const [name, problem] of error.problems) problems.set(name, problem);
    }
  }
  return problems;
};
