/** Most licenses ask that their text goes with every copy, and a bundle is one. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from './manifest.ts';

/** Comments with the license of each package that is in a bundle. */
export const licenseNotices = ({ outputs }: Metafile): string => {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const packages = new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file)?.[0] ?? []));
  return [...packages].toSorted().map(toNotice).join('');
};

const PACKAGE_FOLDER = /.*\bnode_modules\/(@[^/]+\/)?[^/]+/;
const LICENSE_FILE = /^(licen[cs]e|copying)\b/i;

const toNotice = (packageFolder: string): string => {
  const folder = path.resolve(ROOT, packageFolder);
  const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => LICENSE_FILE.test(entry));
  if (!file) throw new Error(`${name} is bundled, but has no license file`);
  const text = readFileSync(path.join(folder, file), 'utf8').trim();
  return `\n/*!\nThis file contains ${name} ${version}:\n\n${text}\n*/\n`;
};
