/** `auth0-login-analytics new`: a destination that works before a word of it is changed, from the templates. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Script } from 'node:vm';
import type { Command } from '@commander-js/extra-typings';
import { loadSinks } from '../../shared/catalog.ts';
import { isClone, ROOT } from '../../shared/manifest.ts';
import { UsageError } from '../../shared/usage-error.ts';
import type { Context } from '../context.ts';
import { toHelpText } from '../help.ts';

export const addCommand = (program: Command, context: Context): void => {
  program
    .command('new')
    .summary('add a destination to a clone of the project')
    .description(
      "Writes a destination: the Action, its mock vendor, the tests of both, and its place in every list. It works immediately; TODO marks what the vendor's documentation decides. No file is overwritten: if one exists, nothing is written.",
    )
    .argument('<name>', 'lower-case words with hyphens: acme-cloud has the secrets ACME_CLOUD_…')
    .addHelpText(
      'after',
      toHelpText('Exits with 0 if the destination is written, 2 if the name cannot be used.'),
    )
    .action(async (name) => {
      if (!isClone) throw new UsageError('new writes source files: run it in a clone of the project');
      const files = await createDestination(name);
      for (const [file, content] of files) writeNewFile(path.join(ROOT, file), content);
      finishFiles([...files.keys()]);
      context.print(describe(name, [...files.keys()]));
    });
};

const TEMPLATES = path.join(import.meta.dirname, '../templates');
const SUFFIX = '.template';
/** What the templates call the destination: two words, so that its spellings differ. */
const PLACEHOLDER = 'example-vendor';

/** With a longer one, the log line that names all malformed secrets would not fit into what Auth0 stores. */
const NAME_LIMIT_CHARS = 32;

/** A name in file names and of the Action, in code, in secrets, and in sentences. */
const getSpellings = (name: string): readonly [string, string, string, string] => {
  const [first = '', ...others] = name.split('-');
  return [
    name,
    [first, ...others.map(capitalize)].join(''),
    name.toUpperCase().replaceAll('-', '_'),
    [first, ...others].map(capitalize).join(' '),
  ];
};

const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The files of a new destination: path → content. */
export const createDestination = async (name: string): Promise<ReadonlyMap<string, string>> => {
  const templates = readTemplates();
  assertUsable(name, [...templates.values()].join('\n'));
  const spellings = getSpellings(name);
  const rename = (text: string): string =>
    getSpellings(PLACEHOLDER).reduce(
      (renamed, spelling, index) => renamed.replaceAll(spelling, spellings[index] ?? ''),
      text,
    );
  const files = new Map(Array.from(templates, ([file, text]) => [rename(file), rename(text)]));
  assertNoOverwrite([...files.keys()]);
  await assertOwnSecrets(name);
  return files;
};

/** Path of the file that a template becomes, from the root → its content. */
const readTemplates = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
      .map((file) => [
        file.slice(0, -SUFFIX.length).replaceAll(path.sep, '/'),
        readFileSync(path.join(TEMPLATES, file), 'utf8'),
      ]),
  );

const assertUsable = (name: string, templates: string): void => {
  if (!/^[a-z][a-z\d]*(-[a-z\d]+)*$/.test(name) || name.length > NAME_LIMIT_CHARS) {
    throw new UsageError(
      `a name consists of lower-case words with hyphens, like acme-cloud, begins with a letter, and has at most ${NAME_LIMIT_CHARS} characters`,
    );
  }
  const [, identifier] = getSpellings(name);
  const words: readonly string[] = templates.match(/\w+/g) ?? [];
  if (['all', 'index'].includes(name) || words.includes(identifier) || isReserved(identifier)) {
    throw new UsageError(`the name ${name} is reserved: choose another, ${name}-analytics for example`);
  }
};

/** A word of JavaScript, which no constant can be called. */
const isReserved = (identifier: string): boolean => {
  try {
    new Script(`'use strict'; async () => { const ${identifier} = 0; };`);
    return false;
  } catch {
    return true;
  }
};

const assertNoOverwrite = (files: readonly string[]): void => {
  const existing = files.filter((file) => existsSync(path.join(ROOT, file)));
  if (existing.length > 0) {
    throw new UsageError(`nothing was written, because these files exist: ${existing.join(', ')}`);
  }
};

/** The Action for all destinations has one value for a name. */
const assertOwnSecrets = async (name: string): Promise<void> => {
  const [, , constant] = getSpellings(name);
  const names = [`${constant}_URL`, `${constant}_TOKEN`];
  for (const sink of await loadSinks()) {
    const shared = names.find((secret) => secret in sink.secrets);
    if (shared) throw new UsageError(`${sink.name} already has a secret ${shared}: choose another name`);
  }
};

const writeNewFile = (file: string, content: string): void => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { flag: 'wx' });
};

/** Brings the files into their final form: with another name, lines break and imports are sorted differently. */
const finishFiles = (files: readonly string[]): void => {
  const [unitTest = ''] = files.filter((file) => file.startsWith('tests/unit/'));
  runInClone('node_modules/@biomejs/biome/bin/biome', 'check', '--write', ...files);
  runInClone('--import', 'tsx', 'tools/scripts/generate.ts');
  runInClone('node_modules/vitest/vitest.mjs', 'run', unitTest, '--update');
};

const runInClone = (...args: readonly string[]): void => {
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'pipe' });
};

const describe = (name: string, files: readonly string[]): string => `Written:
${files.map((file) => `  ${file}`).join('\n')}
and ${name} is in every list that is generated from actions/.

1. Read the vendor's documentation, and replace what is marked TODO.
2. npx vitest run ${name} --update   writes the new fields into the snapshot
3. npm run generate && npm run format && npm run check && npm test
4. npm run doctor -- ${name} --secrets secrets.json   sends one event to the vendor`;
