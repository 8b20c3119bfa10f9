/** The page of a destination in docs/destinations/. */
import type { SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { DestinationFile } from './destination-file.ts';
import { CHOICES, DEFAULT_SIGN_UP, examplePayload, exampleSecrets, LOGIN, SIGN_UP } from './example.ts';
import { type Blocks, code, codeBlock, list, table } from './markdown.ts';
import { getLeaves, getPayloadFields } from './origins.ts';
import { getVersion } from './package-json.ts';

export const pageBlocks = (destination: DestinationFile): Blocks => ({
  summary: () => summary(destination),
  secrets: () =>
    `${secretsTable(destination.sink.secrets)}\n\nEvery Action also has the [common settings](../configuration.md#every-action).`,
  payload: () => payload(destination),
  responses: () => responsesTable(destination),
});

const summary = ({ name, identifier, sink, dependencies }: DestinationFile): string => {
  const versions = dependencies.map((dependency) => code(`${dependency}@${getVersion(dependency)}`));
  const pages = sink.docs.map((url) => `[${getPageTitle(url)}](${url})`);
  return [
    `* **Action:** ${code(name)}${identifier === name ? '' : `, in code ${code(identifier)}`} ([source](../../actions/${name}.ts))`,
    `* **Records:** ${getRecords(sink)}`,
    `* **Dependencies:** ${versions.join(', ')}`,
    `* **Vendor's documentation:** ${pages.join(', ')}`,
  ].join('\n');
};

/** `http-v2` of `https://amplitude.com/docs/apis/analytics/http-v2`, and the fragment where the page has parts. */
const getPageTitle = (url: string): string => {
  const { hostname, pathname, hash } = new URL(url);
  const page = pathname.split('/').findLast((part) => part !== '');
  return hash.slice(1) || page || hostname;
};

const payload = ({ sink }: DestinationFile): string => {
  const fields = getPayloadFields(sink);
  const sent = getLeaves(examplePayload(sink, DEFAULT_SIGN_UP));
  const signUps = getLeaves(examplePayload(sink, SIGN_UP));
  const logins = getLeaves(examplePayload(sink, LOGIN));
  const eventName = fields.find(
    ({ path, activityFields: [field = 'type'] }) =>
      field === 'type' && signUps.get(path) !== logins.get(path),
  )?.path;
  const choices = Object.entries(CHOICES).map(([name, value]) => code(`${name}=${value}`));
  return [
    `A SignUp with ${list(choices)}, before it becomes a part of a request:`,
    codeBlock('json', JSON.stringify(examplePayload(sink, DEFAULT_SIGN_UP), null, 2)),
    ...(eventName === undefined
      ? []
      : [
          `${code(eventName)} is ${code(String(signUps.get(eventName)))} for a SignUp and ${code(String(logins.get(eventName)))} for a Login.`,
        ]),
    "All fields. `event` is Auth0's event; what it does not have is not sent.",
    table(
      ['Field', 'Value'],
      fields.map(({ path, origin }) => [
        code(path),
        signUps.has(path) && !sent.has(path) ? `${origin}, not by default` : origin,
      ]),
    ),
  ].join('\n\n');
};

/** `SignUp, Login`, or when Logins are recorded. */
export const getRecords = (sink: DestinationFile['sink'], condition?: string): string => {
  const reason = sink.getSkipReason?.(LOGIN, parseSecrets(sink, exampleSecrets(sink)));
  if (reason === undefined) return 'SignUp, Login';
  return `SignUp; Login ${condition ?? `if ${reason.replace(/^(\w+) is not set$/, '`$1` is set')}`}`;
};

export const secretsTable = (secrets: SecretDeclarations): string =>
  table(
    ['Secret', 'Default', ''],
    Object.entries(secrets).map(([name, { required, defaultValue, description }]) => [
      code(name),
      required ? '**required**' : defaultValue ? code(defaultValue) : '',
      description,
    ]),
  );

/** The responses that the operator must act on. */
const responsesTable = ({ responses }: DestinationFile): string =>
  table(
    ['Status', 'Meaning', 'Remedy'],
    responses.flatMap(({ status, code: number, text, meaning, remedy }) => {
      const words = [text && code(text), number !== undefined && `(code ${number})`, meaning];
      return remedy === undefined ? [] : [[String(status), words.filter(Boolean).join(' '), remedy]];
    }),
  );

/** The page of a destination that has none yet. */
export const toNewPage = ({ sink }: DestinationFile): string => {
  const block = (name: string) => `<!-- generated: ${name} -->\n<!-- /generated -->`;
  return `${[
    `# ${sink.title.split(',')[0]}`,
    'TODO: what it is for, and where the credentials are found. What was verified, and what was not.',
    block('summary'),
    '## Secrets',
    block('secrets'),
    '## What is sent',
    block('payload'),
    '## Duplicates',
    'TODO: by which field, in what scope and for how long the vendor deduplicates.',
    '## Limits',
    'TODO: sizes, rates, ages of timestamps, and what the vendor silently drops.',
    '## Responses',
    '`doctor` explains these; others speak for themselves.',
    block('responses'),
    '## See the event',
    'TODO: where to look.',
    '## Query',
    'TODO: a query for SignUps and Logins per day, and an alert for when there are none.',
  ].join('\n\n')}\n`;
};
