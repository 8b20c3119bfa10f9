import { getSystemErrorMap } from 'node:util';

/** A file that the operator named, or its folder, cannot be used. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/** Runs what reads or writes a file. Errors of the system are reported in one line, with the file. */
export const withFile = <T>(file: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw toFileError(file, error);
  }
};

/** Any other error stays as it is. */
export const toFileError = (file: string, error: unknown): unknown => {
  const { errno, syscall } = Object(error);
  if (typeof errno !== 'number' || syscall === undefined) return error;
  const [code, reason = code] = getSystemErrorMap().get(errno) ?? [String(errno)];
  return new FileError(`Cannot use ${file}: ${reason}`, { cause: error });
};
