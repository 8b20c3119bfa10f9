/** `npm run new`: the skeleton of a destination, from the templates in tools/new. It works before a word is changed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { loadSinks } from '../../shared/catalog.ts';
import { ROOT, readManifest } from '../../shared/manifest.ts';
import { runTool, UsageError } from '../command.ts';

const HELP = `Usage: npm run new -- <name>

Writes the skeleton of a destination: the Action, its embedded counterpart, their tests, and its place in a0deploy.yaml
and actions/all.ts. It works at once; TODO marks what you replace by what the vendor's documentation says. No file is
overwritten, and if one is in the way, nothing is written.

  <name>   lower-case letters, digits and hyphens, as in acme-cloud: the sink is then acmeCloud,
           its secrets are ACME_CLOUD_URL and ACME_CLOUD_TOKEN
  --help   this text

Exits with 0 if the skeleton is written, 2 if the name cannot be had.`;

const TEMPLATES = 'tools/new';
/** What the templates call the destination: two words, so that no two of its spellings are alike. */
const PLACEHOLDER = 'example-vendor';

const MANIFEST = 'a0deploy.yaml';
/** The Action for all destinations. */
const ALL = 'actions/all.ts';

/** With more, the log line that names all malformed secrets would not fit into what Auth0 stores. */
const NAME_LIMIT_CHARS = 32;

interface Spellings {
  /** `acme-cloud`, for files and the Action. */
  readonly name: string;
  /** `acmeCloud`, for code. */
  readonly identifier: string;
  /** `ACME_CLOUD`, for secrets. */
  readonly constant: string;
  /** `Acme Cloud`, for sentences. */
  readonly title: string;
}

const spellings = (name: string): Spellings => {
  const [first = '', ...others] = name.split('-');
  return {
    name,
    identifier: [first, ...others.map(capitalize)].join(''),
    constant: name.toUpperCase().replaceAll('-', '_'),
    title: [first, ...others].map(capitalize).join(' '),
  };
};

const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The files of a new destination: path → content. */
export const generate = async (name: string): Promise<ReadonlyMap<string, string>> => {
  const templates = readTemplates();
  refuseBadName(name, [...templates.values()].join());
  const from = spellings(PLACEHOLDER);
  const to = spellings(name);
  const rename = (text: string): string =>
    text
      .replaceAll(from.name, to.name)
      .replaceAll(from.identifier, to.identifier)
      .replaceAll(from.constant, to.constant)
      .replaceAll(from.title, to.title);
  const files = new Map(Array.from(templates, ([file, text]) => [rename(file), rename(text)]));
  refuseToOverwrite(name, [...files.keys()]);
  await refuseSharedSecrets(to.constant);
  return files;
};

/** A template lies under TEMPLATES as its file is to lie under the root. */
const readTemplates = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(path.join(ROOT, TEMPLATES), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.replaceAll(path.sep, '/'))
      .sort()
      .map((file) => [file, relocate(read(`${TEMPLATES}/${file}`), file)]),
  );

/** Imports of other templates, and of the project, as they are to be where the file will lie. */
const relocate = (template: string, file: string): string =>
  template.replace(/(?<=from ')\.[^']+/g, (specifier) => {
    const folder = path.posix.dirname(file);
    const imported = path.posix.join(TEMPLATES, folder, specifier).replace(`${TEMPLATES}/`, '');
    const relative = path.posix.relative(folder, imported);
    return relative.startsWith('.') ? relative : `./${relative}`;
  });

const refuseBadName = (name: string, templates: string): void => {
  if (!/^[a-z][a-z\d]*(-[a-z\d]+)*$/.test(name) || name.length > NAME_LIMIT_CHARS) {
    throw new UsageError(
      `A name has lower-case letters and digits, begins with a letter, may have single hyphens between its words, as acme-cloud has, and is no longer than ${NAME_LIMIT_CHARS} characters`,
    );
  }
  const { identifier } = spellings(name);
  const isUsed = new RegExp(`\\b${identifier}\\b`).test(templates);
  if (name === 'all' || isUsed || isReserved(identifier)) {
    throw new UsageError(`${name} means something else here: take another name, ${name}-analytics for one`);
  }
};

/** A word of the language, which no constant can be called. */
const isReserved = (identifier: string): boolean => {
  try {
    new Script(`'use strict'; async () => { const ${identifier} = 0; };`);
    return false;
  } catch {
    return true;
  }
};

const refuseToOverwrite = (name: string, files: readonly string[]): void => {
  const inTheWay = files.filter((file) => existsSync(path.join(ROOT, file)));
  if (readManifest().actions.some((action) => action.name === name)) inTheWay.push(`${name} in ${MANIFEST}`);
  if (inTheWay.length > 0) {
    throw new UsageError(`Nothing was written, because there is ${inTheWay.join(', ')} already`);
  }
};

/** The Action for all destinations has one value for a name. */
const refuseSharedSecrets = async (constant: string): Promise<void> => {
  for (const sink of await loadSinks()) {
    const shared = [`${constant}_URL`, `${constant}_TOKEN`].find((secret) => secret in sink.secrets.entries);
    if (shared) throw new UsageError(`${sink.name} has a secret ${shared} already: take another name`);
  }
};

/** What names every destination, with the new one in it, and otherwise as it is: path → content. */
const extend = ({ name, identifier }: Spellings): ReadonlyMap<string, string> =>
  new Map([
    // The Action for all destinations comes last.
    [MANIFEST, insert(MANIFEST, [/(?=\n {2}- name: all\n)/, entryOf(name)])],
    [
      ALL,
      insert(
        ALL,
        [/^(?=import .* from '\.\/)/m, `import { ${identifier} } from './${name}.ts';\n`],
        [/(?<=sinks: \[[^\]]*\w)(?=,?\s*\])/, `, ${identifier}`],
      ),
    ],
  ]);

/** The content of a file with texts at places in it. Throws a UsageError if it has no such place. */
const insert = (file: string, ...texts: ReadonlyArray<readonly [place: RegExp, text: string]>): string =>
  texts.reduce((content, [place, text]) => {
    if (place.test(content)) return content.replace(place, text);
    throw new UsageError(`Nothing was written, because ${file} is laid out in another way: ${place}`);
  }, read(file));

const entryOf = (name: string): string => {
  const { packages } = JSON.parse(read('package-lock.json'));
  return `
  - name: ${name}
    code: dist/${name}.js
    runtime: node22
    deployed: true
    supported_triggers: [{ id: post-login, version: v3 }]
    dependencies:
      - { name: axios, version: ${packages['node_modules/axios'].version} }
`;
};

const write = (created: ReadonlyMap<string, string>, extended: ReadonlyMap<string, string>): void => {
  for (const [file, content] of created) writeFileSync(path.join(ROOT, file), content, { flag: 'wx' });
  for (const [file, content] of extended) writeFileSync(path.join(ROOT, file), content);
  // Another name sorts imports and breaks lines in another way.
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const files = [...created.keys(), ALL];
  execFileSync(process.execPath, [biome, 'check', '--write', ...files], { cwd: ROOT, stdio: 'pipe' });
};

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const report = (name: string, created: readonly string[], extended: readonly string[]): string => `Written:
${created.map((file) => `  ${file}`).join('\n')}
and ${name} is in ${extended.join(' and ')}.
It works as it is: npm run docs && npm run check && npm test

1. Read the vendor's documentation, and replace what is marked TODO.
2. npx vitest run ${name} -u writes the new fields into the tests.
3. npm run docs && npm run check && npm test
4. npm run doctor -- ${name} --secrets secrets.json sends one activity to the vendor.`;

if (process.argv[1] === import.meta.filename) {
  await runTool(HELP, {}, async ({ positionals }) => {
    const [name = '', ...others] = positionals;
    if (others.length > 0) throw new UsageError(`Name one destination, not ${positionals.length}`);
    const created = await generate(name);
    const extended = extend(spellings(name));
    write(created, extended);
    console.log(report(name, [...created.keys()], [...extended.keys()]));
    return 0;
  });
}
