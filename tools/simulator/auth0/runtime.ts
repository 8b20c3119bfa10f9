/**
 * Loads a built Action and executes it by the rules of Auth0's published test harness, which loads an Action as
 * production does: `@auth0/actions/post-login/v3/test`, https://github.com/auth0/auth0-actions.
 *
 * Not reproduced: the read-only file system, the memory limit, the recycling of an instance, and the end of
 * a loop that never awaits.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import { createRequire, isBuiltin } from 'node:module';
import { Writable } from 'node:stream';
import { compileFunction } from 'node:vm';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';

// https://auth0.com/docs/customize/actions/limitations
export const ACTION_CODE_LIMIT_BYTES = 100_000;
const STORED_LOGS_LIMIT_CHARACTERS = 256;

export interface ActionSource {
  name: string;
  /** CommonJS. */
  code: string;
  /** The npm modules that `require` may load. */
  dependencies: readonly string[];
}

export interface LoadedAction {
  /** Never rejects: what the Action throws is in `error`. */
  execute(event: Event, api: PostLoginAPI): Promise<Execution>;
}

export interface Execution {
  error?: Error;
  /** All of it, as in Auth0's live log. */
  logs: string;
  durationMs: number;
}

type Handler = (event: Event, api: PostLoginAPI) => Promise<unknown>;

export function loadAction(source: ActionSource): LoadedAction {
  const size = Buffer.byteLength(source.code);
  if (size > ACTION_CODE_LIMIT_BYTES) {
    throw new Error(`${source.name} is ${size} bytes of code, Auth0's limit is ${ACTION_CODE_LIMIT_BYTES}`);
  }

  // A rejected promise stays rejected: an error at module level fails every execution, as it does in Auth0.
  let exported: Promise<unknown> | undefined;
  const run = async (event: Event, api: PostLoginAPI): Promise<void> => {
    exported ??= evaluate(source);
    await handlerOf(await exported)(event, api);
  };

  return {
    async execute(event, api) {
      const startedAt = performance.now();
      const output = { text: '' };
      const error = await outputs.run(output, () => run(event, api).then(() => undefined, toError));
      return { ...(error && { error }), logs: output.text, durationMs: performance.now() - startedAt };
    },
  };
}

/** What Auth0 keeps of an Action's console output. */
export const storedLogs = (logs: string): string => logs.slice(0, STORED_LOGS_LIMIT_CHARACTERS);

/** Executions interleave in one instance: the asynchronous context tells whose output a line is. */
const outputs = new AsyncLocalStorage<{ text: string }>();

const stream = new Writable({
  decodeStrings: false,
  write(chunk: string, _encoding, done) {
    const output = outputs.getStore();
    if (output) output.text += chunk;
    done();
  },
});

async function evaluate({ name, code, dependencies }: ActionSource): Promise<unknown> {
  const module: { exports: unknown } = { exports: {} };
  const body = compileFunction(code, ['module', 'exports', 'console', 'require'], { filename: `${name}.js` });
  const console = new Console({ stdout: stream, colorMode: false });
  body(module, module.exports, console, requireOnly(dependencies));
  return module.exports;
}

const requireFromRoot = createRequire(new URL('../../../package.json', import.meta.url));

const requireOnly =
  (dependencies: readonly string[]) =>
  (id: string): unknown => {
    if (isBuiltin(id) || dependencies.some((name) => id === name || id.startsWith(`${name}/`))) {
      return requireFromRoot(id);
    }
    throw Object.assign(new Error(`Cannot find module '${id}': it is not a declared dependency`), {
      code: 'MODULE_NOT_FOUND',
    });
  };

function handlerOf(exported: unknown): Handler {
  if (typeof exported !== 'object' || exported === null) {
    throw new Error(`module.exports must be an object, not ${exported === null ? 'null' : typeof exported}`);
  }
  const handler: unknown = Reflect.get(exported, 'onExecutePostLogin');
  if (typeof handler !== 'function' || handler.constructor.name !== 'AsyncFunction') {
    throw new Error(
      `Invalid function signature for the "onExecutePostLogin" handler: it must be an async function, not ${
        typeof handler === 'function' ? handler.constructor.name : typeof handler
      }`,
    );
  }
  return handler as Handler;
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
