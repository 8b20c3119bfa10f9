/**
 * The rules by which Auth0 loads and executes an Action. By default they are those of Auth0's published test harness,
 * `@auth0/actions/post-login/v3/test`, https://github.com/auth0/auth0-actions.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ACTION_CODE_LIMIT_BYTES } from '../../tools/shared/manifest.ts';
import { type Execution, LOG_LIMIT_BYTES, loadAction } from '../../tools/simulator/auth0/runtime.ts';

const load = (code: string, dependencies: string[] = [], resolveFrom?: string) => {
  const action = loadAction({ name: 'example', code, dependencies, resolveFrom });
  return (event: unknown = {}): Promise<Execution> => action.execute(event as Event, {} as PostLoginAPI);
};

const handler = (body: string, dependencies?: string[]) =>
  load(`exports.onExecutePostLogin = async (event, api) => { ${body} };`, dependencies);

const INVALID_SIGNATURE =
  'Invalid function signature for the "onExecutePostLogin" handler. Use "exports.onExecutePostLogin = async function(event, api) { }" as the signature.';

describe('loadAction', () => {
  it('compiles the code as the body of a function', async () => {
    const execute = load(`
      exports.onExecutePostLogin = async () => {
        console.log(typeof module, typeof exports, typeof console, typeof require, typeof __filename);
      };
      return;
    `);
    expect((await execute()).logs).toBe('object object object function undefined\n');
  });

  it('lets module.exports be reassigned', async () => {
    const execute = load('module.exports = { onExecutePostLogin: async () => console.log("executed") };');
    expect((await execute()).logs).toBe('executed\n');
  });

  it('ignores other exports', async () => {
    const execute = load(`
      exports.onContinuePostLogin = async () => console.log('continued');
      exports.onExecutePostLogin = async () => console.log('executed');
    `);
    expect((await execute()).logs).toBe('executed\n');
  });

  it.each(['module.exports = null;', 'module.exports = async () => {};'])(
    'requires module.exports to be an object: %s',
    async (code) => {
      expect((await load(code)()).error?.message).toBe('The Action must export an object.');
    },
  );

  it.each(['async () => {}', 'async function () {}'])('accepts the handler %s', async (code) => {
    expect(await load(`exports.onExecutePostLogin = ${code};`)()).not.toHaveProperty('error');
  });

  it.each(['() => Promise.resolve()', 'async function* () {}', 'undefined', '"text"'])(
    'rejects the handler %s, which is not a native async function',
    async (code) => {
      const { error } = await load(`exports.onExecutePostLogin = ${code};`)();
      expect(error?.message).toBe(INVALID_SIGNATURE);
    },
  );

  it('runs module code once, at the first execution', async () => {
    const execute = load(`
      console.log('loaded');
      let executions = 0;
      exports.onExecutePostLogin = async () => console.log(++executions);
    `);
    expect((await execute()).logs).toBe('loaded\n1\n');
    expect((await execute()).logs).toBe('2\n');
  });

  it('throws an error of module code again at every execution', async () => {
    const execute = load('console.log("loading"); throw new Error("no secrets here");');
    const first = await execute();
    const second = await execute();
    expect(first).toMatchObject({ error: new Error('no secrets here'), logs: 'loading\n' });
    expect(second).toMatchObject({ error: first.error, logs: '' });
  });

  it.each([
    ['undefined', 'Unknown error'],
    ['null', 'Unknown error'],
    ['"a string"', 'a string'],
  ])('reports module code that throws %s', async (value, message) => {
    expect((await load(`throw ${value};`)()).error?.message).toBe(message);
  });

  it('throws for a syntax error', () => {
    expect(() => load('exports.onExecutePostLogin = async (event api) => {};')).toThrow(SyntaxError);
  });

  // https://auth0.com/docs/customize/actions/limitations
  it('limits the code to 100 kB', () => {
    expect(() => load(' '.repeat(ACTION_CODE_LIMIT_BYTES))).not.toThrow();
    expect(() => load(' '.repeat(ACTION_CODE_LIMIT_BYTES + 1))).toThrow(
      "example is 100001 bytes of code, Auth0's limit is 100000",
    );
  });
});

// https://auth0.com/docs/customize/actions/manage-dependencies
describe('require', () => {
  it.each(['crypto', 'node:crypto', 'fs/promises'])('loads the built-in module %s', async (id) => {
    expect(await handler(`require('${id}');`)()).not.toHaveProperty('error');
  });

  it.each(['yaml', 'yaml/util'])('loads the declared dependency %s', async (id) => {
    expect(await handler(`require('${id}');`, ['yaml'])()).not.toHaveProperty('error');
  });

  it.each(['axios', 'yaml-other', './package.json'])(
    'does not find %s, which is not declared',
    async (id) => {
      const { error } = await handler(`require('${id}');`, ['yaml'])();
      expect(error).toMatchObject({
        code: 'MODULE_NOT_FOUND',
        message: `Cannot find module '${id}': it is not a declared dependency`,
      });
    },
  );

  describe('of a package in another folder', () => {
    const install = (code: string): string => {
      const folder = mkdtempSync(path.join(tmpdir(), 'runtime-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      mkdirSync(path.join(folder, 'node_modules/example-package'), { recursive: true });
      writeFileSync(path.join(folder, 'node_modules/example-package/index.js'), code);
      return folder;
    };

    it('loads it', async () => {
      const folder = install('module.exports = 42;');
      const execute = load(
        `exports.onExecutePostLogin = async () => console.log(require('example-package'));`,
        ['example-package'],
        folder,
      );
      expect((await execute()).logs).toBe('42\n');
    });

    it('discards what the package prints with the global console', async () => {
      const print = vi.spyOn(console, 'log').mockImplementation(() => {});
      onTestFinished(() => print.mockRestore());
      const folder = install(`
        console.log('while loading');
        module.exports = async (ownConsole) => {
          console.log('lost');
          await null;
          console.log('lost as well');
          ownConsole.log('passed in');
        };
      `);
      const execute = load(
        `exports.onExecutePostLogin = async () => require('example-package')(console);`,
        ['example-package'],
        folder,
      );
      expect((await execute()).logs).toBe('passed in\n');
      expect(print).not.toHaveBeenCalled();
      console.log('after the execution');
      expect(print).toHaveBeenCalledOnce();
    });
  });
});

describe('execute', () => {
  it('returns the error that the handler throws', async () => {
    expect((await handler('throw new TypeError("broken");')()).error).toEqual(new TypeError('broken'));
  });

  it.each([
    ['"a string"', 'a string', 'a string'],
    ['{ message: "of an object" }', 'of an object', { message: 'of an object' }],
    ['undefined', 'Unknown error', undefined],
  ])('returns %s, which is not an error, as the cause of one', async (value, message, cause) => {
    const { error } = await handler(`throw ${value};`)();
    expect(error).toBeInstanceOf(Error);
    expect([error?.message, error?.cause]).toEqual([message, cause]);
  });

  it('keeps the log of a handler that throws', async () => {
    expect((await handler('console.log("last words"); throw new Error("broken");')()).logs).toBe(
      'last words\n',
    );
  });

  it('measures how long the handler takes', async () => {
    const { durationMs } = await handler(`await require('timers/promises').setTimeout(20);`)();
    expect(durationMs).toBeGreaterThan(15);
  });

  it('collects what console writes', async () => {
    const { logs } = await handler(`
      console.log('%s is %d', 'answer', 42);
      console.group('group');
      console.warn('warning');
      console.groupEnd();
      console.error('error');
      console.dir({ key: 'value' });
      console.assert(false, 'assertion');
    `)();
    expect(logs).toBe(
      "answer is 42\ngroup\n  warning\nerror\n{ key: 'value' }\nAssertion failed: assertion\n",
    );
  });

  it('collects only its own output while executions interleave', async () => {
    const execute = handler(`
      for (let line = 1; line <= 3; line++) {
        console.log(event.name, line);
        await require('timers/promises').setTimeout(1);
      }
    `);
    const executions = await Promise.all([execute({ name: 'a' }), execute({ name: 'b' })]);
    expect(executions.map(({ logs }) => logs)).toEqual(['a 1\na 2\na 3\n', 'b 1\nb 2\nb 3\n']);
  });

  it('loses the output of work that it does not await', async () => {
    const execute = handler(`setTimeout(() => console.log('late'), 1); console.log('in time');`);
    const first = await execute();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(first.logs).toBe('in time\n');
    expect((await execute()).logs).toBe('in time\n');
  });

  it('limits the log to 256 KiB', async () => {
    const { logs } = await handler(`for (let i = 0; i < 10; i++) console.log('x'.repeat(40_000));`)();
    expect(Buffer.byteLength(logs)).toBe(LOG_LIMIT_BYTES);
    expect(LOG_LIMIT_BYTES).toBe(262_144);
  });

  it('returns the outcomes that were published during the execution', async () => {
    const execute = handler(`
      const { channel } = require('node:diagnostics_channel');
      await null;
      channel('auth0-login-analytics:outcome').publish({ status: event.status });
    `);
    const executions = await Promise.all([execute({ status: 'delivered' }), execute({ status: 'failed' })]);
    expect(executions.map(({ outcomes }) => outcomes)).toEqual([
      [{ status: 'delivered' }],
      [{ status: 'failed' }],
    ]);
  });
});
