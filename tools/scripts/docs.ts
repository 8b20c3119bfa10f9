/** `npm run docs`: writes what the code declares: the destinations in README.md, their secrets in actions/README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import type { Action } from '../../lib/record.ts';
import { requiredSecrets, type SecretsSchema, settings } from '../../lib/secrets.ts';
import { loadActions, onlySink } from '../shared/catalog.ts';
import { ROOT } from '../shared/manifest.ts';

type Entry = SecretsSchema['entries'][string];

const START = '<!-- What the code declares, written by `npm run docs`. -->';
const END = '<!-- End of what the code declares. -->';

/** The files that show what the code declares: path → content as it should be. */
export const writeDocs = async (): Promise<ReadonlyMap<string, string>> => {
  const actions = await loadActions();
  return new Map([
    ['README.md', withOverview(readFileSync(path.join(ROOT, 'README.md'), 'utf8'), actions)],
    ['actions/README.md', describeSecrets(actions)],
  ]);
};

const withOverview = (readme: string, actions: readonly Action[]): string => {
  const [before, rest = ''] = readme.split(START);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error('README.md lacks the comments between which the table stands');
  const rows = actions.map((action) => [
    `[\`${action.name}\`](actions/${action.name}.ts)`,
    summary(action),
    ...overviewOf(action),
  ]);
  const content = markdownTable(['Action', 'Destination', 'Records', 'Secrets, at least'], rows);
  return `${before}${START}\n\n${content}\n\n${END}${after}`;
};

/** What it records, and the secrets that it requires. */
const overviewOf = (action: Action): [records: string, secrets: string] => {
  const sink = onlySink(action);
  if (!sink) return ['as each of them', 'those of one of them'];
  const names = requiredSecrets(sink.secrets).map((name) => `\`${name}\``);
  return [sink.records ? 'SignUp; Login if configured' : 'SignUp, Login', names.join(', ')];
};

const describeSecrets = (actions: readonly Action[]): string =>
  `${[
    '# Secrets',
    'Written by `npm run docs` from what each Action declares. Values are trimmed, and an empty one counts as absent.',
    ...actions.flatMap((action) => [`## ${action.name}`, summary(action), secretsOf(action)]),
    '## Every Action',
    secretsTable(settings),
  ].join('\n\n')}\n`;

const secretsOf = (action: Action): string => {
  const sink = onlySink(action);
  if (sink) return secretsTable(sink.secrets);
  const links = action.sinks.map(({ name }) => `[${name}](#${name})`);
  return `The secrets of ${links.join(', ')}: of one of them at least. It records wherever a required secret is set.`;
};

/** The first sentence of the file that is the Action. */
const summary = ({ name }: Action): string => {
  const source = readFileSync(path.join(ROOT, 'actions', `${name}.ts`), 'utf8');
  return /^\/\*\*\n \* (.+?)[.:\n]/.exec(source)?.[1] ?? '';
};

const secretsTable = ({ entries }: SecretsSchema): string =>
  markdownTable(
    ['Secret', 'Default', ''],
    Object.entries(entries).map(([name, schema]) => [
      `\`${name}\``,
      defaultOf(schema),
      descriptionOf(schema),
    ]),
  );

const defaultOf = (schema: Entry): string => {
  if (!isOptional(schema)) return 'required';
  const value = v.getDefault(schema);
  return value === undefined ? '' : `\`${value}\``;
};

const descriptionOf = (schema: Entry): string =>
  v.getDescription(isOptional(schema) ? schema.wrapped : schema) ?? '';

const isOptional = (schema: Entry): schema is v.OptionalSchema<v.GenericSchema, string | undefined> =>
  schema.type === 'optional';

const markdownTable = (heading: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

if (process.argv[1] === import.meta.filename) {
  for (const [file, content] of await writeDocs()) writeFileSync(path.join(ROOT, file), content);
}
