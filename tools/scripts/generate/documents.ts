/** The generated blocks of the documents. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getRequiredSecrets } from '../../../lib/secrets.ts';
import { settings } from '../../../lib/settings.ts';
import { ROOT } from '../../shared/manifest.ts';
import { isInAll } from './code.ts';
import type { DestinationFile } from './destination-file.ts';
import { getRecords, pageBlocks, secretsTable, toNewPage } from './destination-page.ts';
import { type Blocks, code, codeBlock, fillBlocks, type GetBlock, list, table } from './markdown.ts';
import { getVersion, listVendors } from './package-json.ts';
import { fieldsTable } from './sent-fields.ts';

/** Path → content, of every document with generated blocks, and of the page of each destination. */
export const toDocuments = (destinations: readonly DestinationFile[]): ReadonlyMap<string, string> => {
  const shared = sharedBlocks(destinations);
  const documents = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((file) => `docs/${file}`)];
  const toPage = (destination: DestinationFile): readonly [string, string] => {
    const file = getPage(destination.name);
    const content = existsSync(path.join(ROOT, file)) ? read(file) : toNewPage(destination);
    return [file, fillBlocks(content, toGetBlock(pageBlocks(destination)))];
  };
  return new Map([
    ...documents
      .filter((file) => file.endsWith('.md'))
      .map((file) => [file, fillBlocks(read(file), toGetBlock(shared))] as const),
    ...destinations.map(toPage),
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
