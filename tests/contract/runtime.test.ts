/**
 * The rules by which Auth0 loads and executes an Action, one test each. Unless a test says otherwise they are those of
 * Auth0's published test harness, `@auth0/actions/post-login/v3/test`, https://github.com/auth0/auth0-actions.
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import {
  ACTION_CODE_LIMIT_BYTES,
  type Execution,
  loadAction,
  storedLogs,
} from '../../tools/simulator/auth0/runtime.ts';

const load = (code: string, dependencies: string[] = []) => {
  const action = loadAction({ name: 'example', code, dependencies });
  return (event: unknown = {}): Promise<Execution> => action.execute(event as Event, {} as PostLoginAPI);
};

const handler = (body: string, dependencies?: string[]) =>
  load(`exports.onExecutePostLogin = async (event, api) => { ${body} };`, dependencies);

describe('loading', () => {
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

  it.each([
    ['module.exports = null;', 'module.exports must be an object, not null'],
    ['module.exports = async () => {};', 'module.exports must be an object, not function'],
  ])('requires module.exports to be an object: %s', async (code, message) => {
    expect((await load(code)()).error?.message).toBe(message);
  });

  it.each([
    ['async () => {}', undefined],
    ['async function () {}', undefined],
    ['() => Promise.resolve()', 'it must be an async function, not Function'],
    ['async function* () {}', 'it must be an async function, not AsyncGeneratorFunction'],
    ['undefined', 'it must be an async function, not undefined'],
  ])('requires a native async handler: %s', async (code, problem) => {
    const { error } = await load(`exports.onExecutePostLogin = ${code};`)();
    expect(error?.message).toBe(
      problem && `Invalid function signature for the "onExecutePostLogin" handler: ${problem}`,
    );
  });

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

  it('reports a syntax error at every execution', async () => {
    const execute = load('exports.onExecutePostLogin = async (event api) => {};');
    for (const { error } of [await execute(), await execute()]) {
      expect(error).toBeInstanceOf(SyntaxError);
      expect(error?.stack).toContain('example.js:1');
    }
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
  it.each(['crypto', 'node:crypto', 'fs/promises'])('loads what Node brings: %s', async (id) => {
    expect(await handler(`require('${id}');`)()).not.toHaveProperty('error');
  });

  it.each(['yaml', 'yaml/util'])('loads a declared dependency: %s', async (id) => {
    expect(await handler(`require('${id}');`, ['yaml'])()).not.toHaveProperty('error');
  });

  it.each(['axios', 'yaml-other', './package.json'])('does not find anything else: %s', async (id) => {
    const { error } = await handler(`require('${id}');`, ['yaml'])();
    expect(error).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      message: `Cannot find module '${id}': it is not a declared dependency`,
    });
  });
});

describe('an execution', () => {
  it('returns what the handler throws', async () => {
    expect((await handler('throw new TypeError("broken");')()).error).toEqual(new TypeError('broken'));
    expect((await handler('throw "a string";')()).error).toEqual(new Error('a string'));
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

  it('collects its own output only, while executions interleave', async () => {
    const execute = handler(`
      for (let line = 1; line <= 3; line++) {
        console.log(event.name, line);
        await require('timers/promises').setTimeout(1);
      }
    `);
    const executions = await Promise.all([execute({ name: 'a' }), execute({ name: 'b' })]);
    expect(executions.map(({ logs }) => logs)).toEqual(['a 1\na 2\na 3\n', 'b 1\nb 2\nb 3\n']);
  });

  it('loses the output of work that is not awaited', async () => {
    const execute = handler(`setTimeout(() => console.log('late'), 1); console.log('in time');`);
    const first = await execute();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(first.logs).toBe('in time\n');
    expect((await execute()).logs).toBe('in time\n');
  });

  // https://auth0.com/docs/customize/actions/limitations
  it('has 256 characters of its output stored', async () => {
    const { logs } = await handler(`console.log('x'.repeat(300));`)();
    expect(logs).toHaveLength(301);
    expect(storedLogs(logs)).toHaveLength(256);
  });
});
