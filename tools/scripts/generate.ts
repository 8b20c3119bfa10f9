/** `npm run generate`: writes what is derived from the files in actions/. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../shared/manifest.ts';
import { runScript } from '../shared/script.ts';
import { toAll, toIndex, toManifest } from './generate/code.ts';
import { findCustomActions, findDestinations } from './generate/destinations.ts';
import { toDocuments } from './generate/documents.ts';
import { toPackageJson } from './generate/package-json.ts';

const HELP = `Usage: npm run generate [-- --check]

Writes what is derived from the destinations in actions/: actions/index.ts, actions/all.ts, a0deploy.yaml, the description
and keywords in package.json, and the generated blocks of README.md and docs/.

  --check   write nothing, and exit with 1 if a file is stale
  --help    this text`;

/** Path → content of every generated file, as it should be. */
export const generateFiles = async (): Promise<ReadonlyMap<string, string>> => {
  const destinations = await findDestinations();
  return new Map([
    ['actions/index.ts', toIndex(destinations)],
    ['actions/all.ts', toAll(destinations)],
    ['a0deploy.yaml', toManifest(destinations, await findCustomActions())],
    ['package.json', toPackageJson(destinations)],
    ...toDocuments(destinations),
  ]);
};

const isStale = ([file, content]: readonly [string, string]): boolean =>
  !existsSync(path.join(ROOT, file)) || readFileSync(path.join(ROOT, file), 'utf8') !== content;

/** Writes every generated file that is stale. Returns their paths. */
export const generate = async (): Promise<readonly string[]> => {
  const stale = [...(await generateFiles())].filter(isStale);
  for (const [file, content] of stale) writeFileSync(path.join(ROOT, file), content);
  return stale.map(([file]) => file);
};

if (process.argv[1] === import.meta.filename) {
  await runScript(HELP, { check: { type: 'boolean', default: false } }, async ({ values }) => {
    if (!values.check) {
      for (const file of await generate()) console.log(`${file} written`);
      return 0;
    }
    const stale = [...(await generateFiles())].filter(isStale);
    for (const [file] of stale) console.log(`${file} is stale: npm run generate`);
    return stale.length === 0 ? 0 : 1;
  });
}
