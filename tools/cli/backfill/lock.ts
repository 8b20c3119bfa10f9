import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { UsageError } from '../../shared/usage-error.ts';
import { withFile } from '../file-error.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
}

/**
 * Keeps a file for this process, by another file next to it. Returns what releases it.
 * @throws {UsageError} if a process that may be running has it.
 */
export const lock = (file: string): (() => void) => {
  const lockFile = `${file}.lock`;
  if (!tryLock(lockFile)) {
    removeIfStale(file, lockFile);
    if (!tryLock(lockFile)) throw inUse(file, lockFile, readOwner(lockFile));
  }
  return () => rmSync(lockFile, { force: true });
};

const tryLock = (lockFile: string): boolean =>
  withFile(lockFile, () => {
    const owner: Owner = { pid: process.pid, host: hostname() };
    try {
      writeFileSync(lockFile, JSON.stringify(owner), { mode: 0o600, flag: 'wx' });
      return true;
    } catch (error) {
      if (Reflect.get(Object(error), 'code') === 'EEXIST') return false;
      throw error;
    }
  });

/** A process that was killed leaves its lock behind. */
const removeIfStale = (file: string, lockFile: string): void => {
  const owner = readOwner(lockFile);
  if (!owner || !isGone(owner)) throw inUse(file, lockFile, owner);
  // Moved away before it is deleted, because another process may have replaced it in the meantime.
  const moved = `${lockFile}.${process.pid}`;
  renameSync(lockFile, moved);
  const current = readOwner(moved);
  if (current?.pid !== owner.pid) {
    renameSync(moved, lockFile);
    throw inUse(file, lockFile, current);
  }
  rmSync(moved);
};

const readOwner = (lockFile: string): Owner | undefined => {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8'));
  } catch {
    return undefined;
  }
};

const isGone = ({ pid, host }: Owner): boolean => {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return Reflect.get(Object(error), 'code') === 'ESRCH';
  }
};

const inUse = (file: string, lockFile: string, owner: Owner | undefined): UsageError => {
  const process = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return new UsageError(
    `${file} is in use by ${process}. Wait until that has ended, or delete ${lockFile} if it is not running`,
  );
};
