/** `npm run docs`: writes the part of README.md that the code declares: the destinations and their secrets. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type SecretsSchema, settings } from '../lib/secrets.ts';
import type { Sink } from '../lib/sink.ts';
import { ROOT } from './manifest.ts';
import { loadSinks } from './sinks.ts';

type Entry = SecretsSchema['entries'][string];

const README = path.join(ROOT, 'README.md');
const START = '<!-- What the code declares, written by `npm run docs`. -->';
const END = '<!-- End of what the code declares. -->';

/** README.md as it should be. */
export const writeReadme = async (readme: string): Promise<string> => {
  const [before, rest = ''] = readme.split(START);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error('README.md lacks the comments between which the tables stand');
  return `${before}${START}\n\n${await describeDestinations()}\n\n${END}${after}`;
};

const describeDestinations = async (): Promise<string> => {
  const sinks = await loadSinks();
  const rows = sinks.map((sink) => [
    `[\`${sink.name}\`](actions/${sink.name}.ts)`,
    summary(sink),
    recorded(sink),
  ]);
  return [
    markdownTable(['Action', 'Destination', 'Records'], rows),
    ...sinks.map(({ name, secrets }) => folded(`Secrets of <code>${name}</code>`, secretsTable(secrets))),
    folded('Secrets of every Action', secretsTable(settings)),
  ].join('\n\n');
};

const folded = (title: string, content: string): string =>
  `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;

/** The first sentence of the file that is the destination. */
const summary = ({ name }: Sink): string => {
  const source = readFileSync(path.join(ROOT, 'actions', `${name}.ts`), 'utf8');
  return /^\/\*\*\n \* (.+?)[.:\n]/.exec(source)?.[1] ?? '';
};

const recorded = (sink: Sink): string => (sink.records ? 'SignUp; Login if configured' : 'SignUp, Login');

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
  writeFileSync(README, await writeReadme(readFileSync(README, 'utf8')));
}
