import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** Reads the JSON object in a file. Errors name the file and never its content, which may be secret. */
export const readJsonObject = (file: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = Reflect.get(Object(error), 'code');
    throw new UsageError(code ? `Cannot read ${file}: ${describe(code)}` : `${file} is not valid JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file} does not hold a JSON object`);
  }
  return { ...value };
};

const describe = (code: unknown): string => (code === 'ENOENT' ? 'no such file' : String(code));
