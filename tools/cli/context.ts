import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';

/** What a command reads and writes: those of the process, or of a test. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  cwd(): string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** For requests to the tenant. By default the global one. */
  readonly fetch?: typeof fetch;
}

/** One run of the command line. */
export class Context {
  readonly io: Io;
  readonly cwd: string;
  /** The environment, and what the file .env adds to it. */
  readonly env: Io['env'];
  exitCode = 0;

  constructor(io: Io) {
    this.io = io;
    this.cwd = io.cwd();
    this.env = { ...readEnvFile(this.resolve('.env')), ...io.env };
  }

  /** The path of a file that the operator has named. */
  resolve(file: string): string {
    return path.resolve(this.cwd, file);
  }

  print(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** For what is not the result: it stays readable where the output is redirected. */
  printError(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }
}

const readEnvFile = (file: string): Io['env'] =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
