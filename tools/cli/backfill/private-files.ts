/** Files with personal data, or about it: nobody but their owner can read them. */
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FileError, withFile } from '../file-error.ts';

const FILE_MODE = 0o600;
const DIR_MODE = 0o700;
const OTHERS = 0o077;

/** Creates missing folders of a file. One that exists stays as it is: it may be shared on purpose. */
export const ensureParent = (file: string): void => {
  const folder = path.dirname(file);
  withFile(folder, () => mkdirSync(folder, { recursive: true, mode: DIR_MODE }));
};

/** Creates a folder, or closes it to others. */
export const ensurePrivateDir = (folder: string): void =>
  withFile(folder, () => {
    mkdirSync(folder, { recursive: true, mode: DIR_MODE });
    if (statSync(folder).mode & OTHERS) chmodSync(folder, DIR_MODE);
  });

/** Closes a file to others, if there is one. */
export const protectFile = (file: string): void =>
  withFile(file, () => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw new FileError(`Cannot use ${file}: it is a directory`);
    if (stats?.isFile() && stats.mode & OTHERS) chmodSync(file, FILE_MODE);
  });

export const appendPrivately = (file: string, content: string): void =>
  withFile(file, () => appendFileSync(file, content, { mode: FILE_MODE }));

/** Atomic: whatever happens in the meantime, the file is the old one or the new one. */
export const replacePrivately = (file: string, content: string): void =>
  withFile(file, () => {
    const draft = `${file}.tmp`;
    rmSync(draft, { force: true });
    writeFileSync(draft, content, { mode: FILE_MODE, flag: 'wx' });
    renameSync(draft, file);
  });
