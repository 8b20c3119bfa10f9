/** The generated blocks of the documents. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { groupBy } from '../../../lib/group-by.ts';
import { applyPrivacy } from '../../../lib/privacy.ts';
import { getRequiredSecrets, type SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets, settings } from '../../../lib/settings.ts';
import { ROOT } from '../../shared/manifest.ts';
import { isInAll } from './code.ts';
import type { DestinationFile } from './destinations.ts';
import { examplePayload, exampleSecrets, LOGIN, SIGN_UP } from './example.ts';
import { code, codeBlock, fillBlocks, type GetBlock, list, table } from './markdown.ts';
import { EVENT_FIELDS, getLeaves, getPayloadFields } from './origins.ts';
import { getVersion, listVendors } from './package-json.ts';

type Blocks = Readonly<Record<string, () => string>>;

/** Path → content, of every document with generated blocks, and of the page of each destination. */
export const toDocuments = (destinations: readonly DestinationFile[]): ReadonlyMap<string, string> => {
  const shared = sharedBlocks(destinations);
  const documents = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((file) => `docs/${file}`)];
  return new Map([
    ...documents
      .filter((file) => file.endsWith('.md'))
      .map((file) => [file, fillBlocks(read(file), toGetBlock(shared))] as const),
    ...destinations.map((destination) => {
      const file = getPage(destination.name);
      const content = existsSync(path.join(ROOT, file)) ? read(file) : toNewPage(destination);
      return [file, fillBlocks(content, toGetBlock(pageBlocks(destination)))] as const;
    }),
  ]);
};

const getPage = (name: string): string => `docs/destinations/${name}.md`;

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const toGetBlock =
  (blocks: Blocks): GetBlock =>
  (name) =>
    name.startsWith('examples/') ? codeBlock('js', read(name)) : blocks[name]?.();

const sharedBlocks = (destinations: readonly DestinationFile[]): Blocks => ({
  vendors: () => listVendors(destinations, 'or'),
  destinations: () => destinationsTable(destinations),
  settings: () => settingsTable(),
  secrets: () => allSecrets(destinations),
  fields: () => fieldsTable(destinations),
  outcome: () => codeBlock('ts', outcomeTypes()),
  'auth0-cli': () => codeBlock('sh', auth0Cli()),
});

const pageBlocks = (destination: DestinationFile): Blocks => ({
  summary: () => summary(destination),
  secrets: () =>
    `${secretsTable(destination.sink.secrets)}\n\nEvery Action also has the [common settings](../configuration.md#every-action).`,
  payload: () => payload(destination),
  responses: () => responsesTable(destination),
});

const destinationsTable = (destinations: readonly DestinationFile[]): string =>
  table(
    ['Action', 'Destination', 'Records', 'Required secrets'],
    [
      ...destinations.map(({ name, sink }) => [
        `[${code(name)}](${getPage(name)})`,
        sink.title,
        getRecords(sink, 'if configured'),
        getRequiredSecrets(sink.secrets).map(code).join(', '),
      ]),
      [
        '[`all`](docs/getting-started.md#several-destinations)',
        'All of them',
        'as each of them',
        'those of one',
      ],
    ],
  );

/** `SignUp, Login`, or when Logins are recorded. */
const getRecords = (sink: DestinationFile['sink'], condition?: string): string => {
  const reason = sink.getSkipReason?.(LOGIN, parseSecrets(sink, exampleSecrets(sink)));
  if (reason === undefined) return 'SignUp, Login';
  return `SignUp; Login ${condition ?? `if ${reason.replace(/^(\w+) is not set$/, '`$1` is set')}`}`;
};

const settingsTable = (): string =>
  table(
    ['Secret', 'Option in code', 'Default', ''],
    Object.entries(settings).map(([name, { defaultValue, description }]) => [
      code(name),
      code(toCamelCase(name)),
      defaultValue ? code(defaultValue) : '',
      description,
    ]),
  );

const toCamelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const secretsTable = (secrets: SecretDeclarations): string =>
  table(
    ['Secret', 'Default', ''],
    Object.entries(secrets).map(([name, { required, defaultValue, description }]) => [
      code(name),
      required ? '**required**' : defaultValue ? code(defaultValue) : '',
      description,
    ]),
  );

const allSecrets = (destinations: readonly DestinationFile[]): string => {
  const included = destinations.filter(isInAll).map(({ name }) => `[${name}](#${name})`);
  return [
    ...destinations.flatMap(({ name, sink }) => [
      `### ${name}`,
      `[${sink.title}](${path.posix.relative('docs', getPage(name))})`,
      secretsTable(sink.secrets),
    ]),
    '### all',
    `The secrets of ${list(included)}. It records at every destination of which a required secret is set.`,
  ].join('\n\n');
};

/** The names of fields that the descriptions of the privacy settings list. */
const PRIVACY_NAMES: ReadonlySet<string> = new Set(
  `${settings.OMIT_FIELDS.description} ${settings.HASH_FIELDS.description}`
    .match(/`[^`]+`/g)
    ?.flatMap((names) => names.match(/\w+/g) ?? []),
);

/** The settings that change a field of an activity. */
const getPrivacySettings = (field: string): string[] =>
  (['OMIT_FIELDS', 'HASH_FIELDS'] as const).flatMap((setting) =>
    [...PRIVACY_NAMES]
      .filter((name) => isChangedBy(setting, name, field))
      .map((name) => code(`${setting}=${name}`)),
  );

const isChangedBy = (setting: 'OMIT_FIELDS' | 'HASH_FIELDS', name: string, field: string): boolean => {
  const parsed = settings[setting].parse(name);
  if (!('value' in parsed)) return false;
  const none = { OMIT_FIELDS: [], HASH_FIELDS: [], HASH_KEY: 'example' };
  const changed = applyPrivacy(LOGIN, { ...none, [setting]: parsed.value });
  return getLeaves(changed).get(field) !== getLeaves(LOGIN).get(field);
};

const fieldsTable = (destinations: readonly DestinationFile[]): string => {
  const sent = destinations.map(({ name, sink }) => ({
    name,
    fields: getPayloadFields(sink).map(({ activityField }) => activityField),
  }));
  const groups = groupBy([...EVENT_FIELDS], ([, { name }]) => name);
  return table(
    ["Field of Auth0's event", 'Example', 'Sent to', 'To leave it out'],
    Array.from(groups, ([eventField, group]) => {
      const fields = group.map(([field]) => field);
      const isSent = (names: ReadonlyArray<string | undefined>) =>
        fields.some((field) => names.includes(field));
      const receivers = sent.filter((destination) => isSent(destination.fields)).map(({ name }) => name);
      const others = sent.map(({ name }) => name).filter((name) => !receivers.includes(name));
      return [
        code(eventField),
        group.map(([, { example }]) => code(example))[0] ?? '',
        describeReceivers(receivers, others),
        [...new Set(fields.flatMap(getPrivacySettings))].join(' or ') || '–',
      ];
    }),
  );
};

const describeReceivers = (receivers: readonly string[], others: readonly string[]): string => {
  if (others.length === 0) return 'every destination';
  return others.length < receivers.length ? `all but ${list(others)}` : list(receivers);
};

/** The declarations of lib/outcome.ts that describe an outcome. */
const outcomeTypes = (): string =>
  read('lib/outcome.ts')
    .split('\n\n')
    .filter((paragraph) => /^(\/\*\*.*\*\/\n)?(export )?(interface|type) \w*Outcome/.test(paragraph))
    .join('\n\n');

const auth0Cli = (): string => `npm run build
auth0 actions create --name splunk --trigger post-login --runtime node22 \\
  --code "$(cat dist/splunk.js)" --dependency axios=${getVersion('axios')}
auth0 actions deploy <id it printed>
auth0 api get actions/triggers/post-login/bindings | jq '{bindings:
  ([.bindings[] | {ref: {type: "binding_id", value: .id}, display_name}]
    + [{ref: {type: "action_name", value: "splunk"}, display_name: "splunk"}])}' > flow.json
auth0 api patch actions/triggers/post-login/bindings --data "$(cat flow.json)"`;

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
  const signUps = getLeaves(examplePayload(sink, SIGN_UP));
  const logins = getLeaves(examplePayload(sink, LOGIN));
  const eventName = fields.find(
    ({ path, activityField = 'type' }) => activityField === 'type' && signUps.get(path) !== logins.get(path),
  )?.path;
  return [
    'A SignUp, before it becomes a part of a request:',
    codeBlock('json', JSON.stringify(examplePayload(sink, SIGN_UP), null, 2)),
    ...(eventName === undefined
      ? []
      : [
          `${code(eventName)} is ${code(String(signUps.get(eventName)))} for a SignUp and ${code(String(logins.get(eventName)))} for a Login.`,
        ]),
    "All fields. `event` is Auth0's event; what it does not have is not sent.",
    table(
      ['Field', 'Value'],
      fields.map(({ path, origin }) => [code(path), origin]),
    ),
  ].join('\n\n');
};

/** Responses that somebody must act on. */
const responsesTable = ({ responses }: DestinationFile): string =>
  table(
    ['Status', 'Meaning', 'Remedy'],
    responses.flatMap(({ status, code: number, text, meaning, remedy }) => {
      const words = [text && code(text), number !== undefined && `(code ${number})`, meaning];
      return remedy === undefined ? [] : [[String(status), words.filter(Boolean).join(' '), remedy]];
    }),
  );

/** The page of a destination that has none yet. */
const toNewPage = ({ sink }: DestinationFile): string => {
  const block = (name: string) => `<!-- generated: ${name} -->\n<!-- /generated -->`;
  return `${[
    `# ${sink.title.split(',')[0]}`,
    'TODO: what it is for, and where the credentials are found.',
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
