/** The packages as npm packs them, in a folder outside of the clone, with what they declare and no more. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Event } from '@auth0/actions/post-login/v3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { segment } from '../../tools/simulator/vendors/segment.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import { startVendorMock, type Vendor } from '../../tools/simulator/vendors/vendor-mock.ts';
import { startCommand } from '../support/command.ts';
import { signUp } from '../support/events.ts';
import { startApi, toEnvironment } from '../support/management-api.ts';
import { createProject, type Packed, pack, readDependencies, runProcess } from '../support/packed.ts';

const readPackage = (folder: string) =>
  JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));

const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');

let folder: string;
let packed: Packed;
/** Folder in which the package is the only one that was asked for. */
let project: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'package-'));
  packed = await pack(folder);
  project = await createProject(folder, [packed]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const startMock = async (vendor: Vendor) => {
  const mock = await startVendorMock(vendor);
  onTestFinished(() => mock.close());
  return mock;
};

/** Executes the code of an Action with the dependencies that are installed in a folder. */
const execute = async (resolveFrom: string, code: string, event: Event) => {
  const action = loadAction({ name: 'custom', code, dependencies: [packed.name], resolveFrom });
  const { api, effects } = createApi(event);
  return { effects, ...(await action.execute(event, api)) };
};

describe('the packed package', () => {
  it('holds the built package and the Actions with the manifest to deploy them', () => {
    const files = packed.files.map((file) => file.path);
    const actions = readManifest().actions.map(({ code }) => code);
    expect(files).toEqual(expect.arrayContaining(actions));
    const others = files.filter((file) => !file.startsWith('dist/types/') && !actions.includes(file));
    expect(others).toMatchInlineSnapshot(`
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "a0deploy.yaml",
        "dist/index.js",
        "dist/package.json",
        "package.json",
      ]
    `);
  });

  it('holds a declaration for each source, and none for a source that has gone', () => {
    const declarations = packed.files.flatMap(
      ({ path }) => /^dist\/types\/(.+)\.d\.ts$/.exec(path)?.[1] ?? [],
    );
    expect(declarations).toContain('actions/index');
    expect(declarations.filter((name) => !existsSync(path.join(ROOT, `${name}.ts`)))).toEqual([]);
  });

  it('depends on axios alone', () => {
    expect(readDependencies(path.join(project, 'node_modules', packed.name))).toEqual(['axios']);
  });
});

describe('an Action that requires the package', () => {
  it('records a sign-up at several destinations, between code of its own', async () => {
    const withSdk = await createProject(folder, [packed], ['@segment/analytics-node']);
    const mocks = await Promise.all([startMock(splunk), startMock(segment)]);
    const event = signUp({ secrets: Object.assign({}, ...mocks.map(({ secrets }) => secrets)) });

    const { error, logs, outcomes, effects } = await execute(
      withSdk,
      `const { createAction, splunk, segment } = require('auth0-login-analytics');
      const record = createAction([splunk, segment], { console, log: 'all' });
      exports.onExecutePostLogin = async (event, api) => {
        if (event.client.metadata.internal) return;
        await record(event, api);
        api.user.setUserMetadata('recorded', true);
      };`,
      event,
    );
    expect(error).toBeUndefined();
    expect(outcomes.map(({ destination, status }) => [destination, status])).toEqual([
      ['splunk', 'delivered'],
      ['segment', 'delivered'],
    ]);
    expect(logs).toBe('[analytics] splunk, segment: SignUp delivered\n');
    for (const { events } of mocks) expect(events.map(({ type }) => type)).toContain('SignUp');
    expect(effects.metadata).toEqual([
      { field: 'app_metadata', key: 'signedUp', value: { splunk: true, segment: true } },
      { field: 'user_metadata', key: 'recorded', value: true },
    ]);
  });

  it('records elsewhere without the Segment SDK, and reports its absence where it is needed', async () => {
    const mock = await startMock(splunk);
    const { error, logs, outcomes } = await execute(
      project,
      `const { createAction, splunk, segment } = require('auth0-login-analytics');
      exports.onExecutePostLogin = createAction([splunk, segment], { console });`,
      signUp({ secrets: { ...mock.secrets, SEGMENT_WRITE_KEY: 'key' } }),
    );
    expect(error).toBeUndefined();
    expect(outcomes).toMatchObject([
      { destination: 'splunk', status: 'delivered' },
      { destination: 'segment', status: 'failed', reason: 'rejected' },
    ]);
    expect(logs).toMatchInlineSnapshot(`
      "[analytics] segment: SignUp failed: @segment/analytics-node is not installed; will be sent again at the user's next login; add it to the Action's dependencies, or use segmentHttp
      "
    `);
  });
});

describe('an ES module that imports the package', () => {
  it('finds every export by name', async () => {
    const code = "import { createAction, splunk } from 'auth0-login-analytics'; createAction(splunk);";
    await runProcess(process.execPath, ['--input-type=module', '--eval', code], { cwd: project });
  });
});

describe('the declarations', () => {
  /** Compiles a consumer's file with nothing but the package: no `@auth0/actions`, no types of Node. */
  const compile = (code: string, compilerOptions: object = {}): Promise<string> => {
    writeFileSync(path.join(project, 'consumer.mts'), code);
    const options = {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      lib: ['es2022'],
      module: 'nodenext',
      types: [],
      ...compilerOptions,
    };
    writeFileSync(
      path.join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['consumer.mts'] }),
    );
    return runProcess(process.execPath, [TSC, '-p', project]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
  };

  const CONSUMER = `
    import { baseUrl, createAction, defineSink, type LoginEvent, required, segment, splunk } from 'auth0-login-analytics';
    const acme = defineSink({
      name: 'acme',
      title: 'Acme',
      docs: [],
      secrets: { ACME_URL: required(baseUrl, 'URL of Acme') },
      toPayload: ({ id, type }) => ({ id, type }),
      async send(activities, secrets, http) {
        await http({ url: secrets.ACME_URL, headers: {}, body: JSON.stringify(activities) });
      },
    });
    const record = createAction([splunk, segment, acme], { deliveryTimeoutMs: 1000, onFailure: 'deny' });
    export const handler = async (event: LoginEvent, api: Parameters<typeof record>[1]) => record(event, api);`;

  it.each([
    ['nodenext', {}],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('compile for %s without any other types', async (_, options) => {
    expect(await compile(CONSUMER, options)).toBe('');
  });

  it('reject an unknown option, and a secret of the wrong type', async () => {
    const errors = await compile(`
      import { createAction, splunk } from 'auth0-login-analytics';
      createAction(splunk, { onFailure: 'ignore' });
      createAction(splunk, { retries: 3 });`);
    expect(errors.match(/error TS\d+/g)).toHaveLength(2);
  });
});

describe('the packed command line', { timeout: 60_000 }, () => {
  let installed: string;
  let bin: string;

  beforeAll(async () => {
    const cli = await pack(folder, '--workspace', 'tools/cli');
    installed = await createProject(folder, [packed, cli]);
    bin = path.join(installed, 'node_modules', cli.name, 'bin/auth0-login-analytics.js');
  }, 60_000);

  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    startCommand(args, { env, cwd: installed, bin });

  it.each(['--help', 'deploy --help'])('prints its usage for %s', async (line) => {
    const { code, out, err } = await run(line.split(' '));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: auth0-login-analytics /);
  });

  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `${readPackage('.').version}\n`, err: '' });
  });

  it('runs the scenario with the Actions of the other package', async () => {
    const { code, out, err } = await run(['start', '--once', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ problems: [] });
  });

  it('serves the playground, client included', async () => {
    let script = '';
    const { code } = await startCommand(['start'], { cwd: installed, bin }, (child) => {
      child.stdout?.on('data', async (line) => {
        const [url] = /http:\S+/.exec(String(line)) ?? [];
        if (url) script = await (await fetch(url.replace('/?', '/app.js?'))).text();
        child.kill('SIGINT');
      });
    });
    expect(script).toContain('This file contains preact');
    expect(code).toBe(0);
  });

  it('compares its Actions with those of a tenant', async () => {
    const { api } = await startApi();
    const { code, out } = await run(['deploy', 'splunk', '--dry-run'], toEnvironment(api));
    expect(out).toBe(`${api.domain}:\nsplunk   new\nNothing was changed.\n`);
    expect(code).toBe(0);
  });

  it('deploys an Action for a chosen set, which requires the package and runs with it', async () => {
    const { api } = await startApi();
    const set = ['--with', 'splunk,segment', '--dry-run', '--json'];
    const { code, out, err } = await run(['deploy', ...set], toEnvironment(api));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out).actions).toEqual([{ name: 'analytics', changes: ['new'] }]);

    writeFileSync(
      path.join(installed, 'auth0-login-analytics.json'),
      JSON.stringify({ actions: { analytics: ['splunk', 'segment'] } }),
    );
    const mocks = await Promise.all([startMock(splunk), startMock(segment)]);
    const tried = await run(
      ['try', 'analytics', '--yes'],
      Object.assign({}, ...mocks.map((mock) => mock.secrets)),
    );
    expect(tried.out).toMatch(/^analytics: delivered/);
    for (const { events } of mocks) expect(events.map(({ type }) => type)).toContain('SignUp');
  });

  it('explains that a new destination needs a clone', async () => {
    expect(await run(['new', 'acme'])).toEqual({
      code: 2,
      out: '',
      err: 'error: new writes source files: run it in a clone of the project. See npx auth0-login-analytics new --help\n',
    });
  });
});

describe('tools/cli/package.json', () => {
  const root = readPackage('.');
  const cli = readPackage('tools/cli');

  it('has the version of the package, and depends on exactly that version', () => {
    expect(cli.version).toBe(root.version);
    expect(cli.dependencies['auth0-login-analytics']).toBe(root.version);
  });

  it('declares the versions that the rest of the project declares', () => {
    const versions: Record<string, string> = { ...root.devDependencies, ...root.dependencies };
    const shared = Object.keys(cli.dependencies).filter(
      (name) => name in versions && name !== 'auth0-login-analytics',
    );
    expect(shared).toContain('axios');
    expect(shared.map((name) => [name, cli.dependencies[name]])).toEqual(
      shared.map((name) => [name, versions[name]]),
    );
  });
});
