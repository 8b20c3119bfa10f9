/**
 * Loads a built Action and executes it by the rules of Auth0's published test harness, which loads an Action as
 * production does: `@auth0/actions/post-login/v3/test`, https://github.com/auth0/auth0-actions.
 *
 * Limitations: the file system is writable, memory is unlimited, instances are not recycled, a loop that never awaits does
 * not end, the packages that Actions require are loaded once in a process, and there are no `actions:` modules.
 *
 * Stricter than the harness: the documented limit of the code size, and `require`, which finds declared dependencies only.
 * More lenient, as a tenant is: the log of an execution that throws is not lost.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { compileFunction } from 'node:vm';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import type { Outcome } from '../../../lib/outcome.ts';
import { ACTION_CODE_LIMIT_BYTES, ROOT } from '../../shared/manifest.ts';
import { collectOutcomes } from '../outcomes.ts';

export const LOG_LIMIT_BYTES = 256 * 1024;

export interface ActionSource {
  name: string;
  /** CommonJS. */
  code: string;
  /** The npm packages that `require` may load. */
  dependencies: readonly string[];
  /** The folder in whose `node_modules` they are; the root of the repository by default. */
  resolveFrom?: string | undefined;
}

export interface LoadedAction {
  /** Never rejects: what the Action throws is in `error`. */
  execute(event: Event, api: PostLoginAPI): Promise<Execution>;
}

export interface Execution {
  /** What the Action threw. A thrown value that is not an error is the `cause` of this one. */
  error?: Error;
  /** What the Action printed, up to LOG_LIMIT_BYTES: Auth0's real-time log has all of it. */
  logs: string;
  /** What the Action published. */
  outcomes: readonly Outcome[];
  durationMs: number;
}

type Handler = (event: Event, api: PostLoginAPI) => Promise<unknown>;

/** @throws {SyntaxError} */
export const loadAction = (source: ActionSource): LoadedAction => {
  const size = Buffer.byteLength(source.code);
  if (size > ACTION_CODE_LIMIT_BYTES) {
    throw new Error(`${source.name} is ${size} bytes of code, Auth0's limit is ${ACTION_CODE_LIMIT_BYTES}`);
  }
  const initialize = compile(source);

  // A rejected promise stays rejected: an error at module level fails every execution, as it does in Auth0.
  let exported: Promise<unknown> | undefined;
  const run = async (event: Event, api: PostLoginAPI): Promise<void> => {
    exported ??= initialize();
    await getHandler(await exported)(event, api);
  };

  return {
    async execute(event, api) {
      const startedAt = performance.now();
      const log = new Log();
      const { result: error, outcomes } = await collectOutcomes(() =>
        currentLog.run(log, () => run(event, api).then(() => undefined, toError)),
      );
      const durationMs = performance.now() - startedAt;
      return { ...(error && { error }), logs: log.toString(), outcomes, durationMs };
    },
  };
};

/** Loads an Action as its first execution does, and executes nothing. @throws what is wrong with it. */
export const assertLoads = async (source: ActionSource): Promise<void> => {
  loadAction(source);
  getHandler(await compile(source)());
};

class Log {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  write(chunk: Buffer): void {
    const kept = chunk.subarray(0, LOG_LIMIT_BYTES - this.#bytes);
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/** Executions interleave in one instance: the asynchronous context shows which one is printing. */
const currentLog = new AsyncLocalStorage<Log>();

const stream = new Writable({
  write(chunk: Buffer, _encoding, done) {
    currentLog.getStore()?.write(chunk);
    done();
  },
});

// Only the Action's own file has the console of the execution. A required package has the global one: Auth0 discards that.
globalThis.console = new Proxy(globalThis.console, {
  get(target, key) {
    const member: unknown = Reflect.get(target, key);
    return currentLog.getStore() && typeof member === 'function' ? () => {} : member;
  },
});

const compile = ({ name, code, dependencies, resolveFrom = ROOT }: ActionSource) => {
  const body = compileFunction(code, ['module', 'exports', 'console', 'require'], { filename: `${name}.js` });
  const console = new Console({ stdout: stream, colorMode: false });
  return async (): Promise<unknown> => {
    const module: { exports: unknown } = { exports: {} };
    body(module, module.exports, console, requireOnly(dependencies, resolveFrom));
    return module.exports;
  };
};

const requireOnly = (dependencies: readonly string[], resolveFrom: string) => {
  const require = createRequire(path.join(resolveFrom, 'package.json'));
  return (id: string): unknown => {
    if (isBuiltin(id) || dependencies.some((name) => id === name || id.startsWith(`${name}/`))) {
      return require(id);
    }
    throw Object.assign(new Error(`Cannot find module '${id}': it is not a declared dependency`), {
      code: 'MODULE_NOT_FOUND',
    });
  };
};

const getHandler = (exported: unknown): Handler => {
  if (typeof exported !== 'object' || exported === null) {
    throw new Error('The Action must export an object.');
  }
  const handler: unknown = Reflect.get(exported, 'onExecutePostLogin');
  if (typeof handler !== 'function' || handler.constructor.name !== 'AsyncFunction') {
    throw new Error(
      'Invalid function signature for the "onExecutePostLogin" handler. Use "exports.onExecutePostLogin = async function(event, api) { }" as the signature.',
    );
  }
  return handler as Handler;
};

const toError = (thrown: unknown): Error => {
  if (thrown instanceof Error) return thrown;
  const message: unknown = Reflect.get(Object(thrown), 'message');
  if (typeof message === 'string') return new Error(message, { cause: thrown });
  return new Error(thrown ? String(thrown) : 'Unknown error', { cause: thrown });
};
