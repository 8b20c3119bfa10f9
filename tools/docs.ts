/** `npm run docs`: writes what the code declares: the destinations in README.md, their secrets in actions/README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type SecretsSchema, settings } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';
import { ROOT } from './manifest.ts';
import { loadSinks } from './sinks.ts';

type Entry = SecretsSchema['entries'][string];

const START = '<!-- What the code declares, written by `npm run docs`. -->';
const END = '<!-- End of what the code declares. -->';

/** The files that show what the code declares: path → content as it should be. */
export const writeDocs = async (): Promise<ReadonlyMap<string, string>> => {
  const sinks = await loadSinks();
  return new Map([
    ['README.md', withOverview(readFileSync(path.join(ROOT, 'README.md'), 'utf8'), sinks)],
    ['actions/README.md', describeSecrets(sinks)],
  ]);
};

const withOverview = (readme: string, sinks: readonly Sink[]): string => {
  const [before, rest = ''] = readme.split(START);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error('README.md lacks the comments between which the table stands');
  const rows = sinks.map((sink) => [
    `[\`${sink.name}\`](actions/${sink.name}.ts)`,
    summary(sink),
    sink.records ? 'SignUp; Login if configured' : 'SignUp, Login',
    overview(sink.secrets),
  ]);
  const everyAction = ['every Action', '', '', overview(settings)];
  const content = markdownTable(
    ['Action', 'Destination', 'Records', 'Secrets (required*)'],
    [...rows, everyAction],
  );
  return `${before}${START}\n\n${content}\n\n${END}${after}`;
};

const overview = ({ entries }: SecretsSchema): string =>
  Object.entries(entries)
    .map(([name, schema]) => (isOptional(schema) ? `\`${name}\`` : `\`${name}\`*`))
    .join(', ');

const describeSecrets = (sinks: readonly Sink[]): string =>
  `${[
    '# Secrets',
    'Written by `npm run docs` from what each Action declares. Values are trimmed, and an empty one counts as absent.',
    ...sinks.flatMap((sink) => [`## ${sink.name}`, summary(sink), secretsTable(sink.secrets)]),
    '## Every Action',
    secretsTable(settings),
  ].join('\n\n')}\n`;

/** The first sentence of the file that is the destination. */
const summary = ({ name }: Sink): string => {
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
