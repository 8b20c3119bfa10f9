/** What a0deploy.yaml, package.json and README.md declare, held to the truth. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { builtinModules } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build as esbuild } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { requiredSecrets } from '../../lib/secrets.ts';
import { writeDocs } from '../../tools/scripts/docs.ts';
import { bundle } from '../../tools/shared/build.ts';
import { findAction, loadSinks } from '../../tools/shared/catalog.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import { createApi, createCache } from '../../tools/simulator/auth0/api.ts';
import { ACTION_CODE_LIMIT_BYTES, loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { signUp } from '../support/events.ts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const { actions } = readManifest();
const sinks = await loadSinks();
const lock = JSON.parse(read('package-lock.json'));

/** Bundles hold valibot and uuid beside our own code and one destination; the rest comes from npm. */
const BUNDLE_AIM_BYTES = 60_000;

describe('a0deploy.yaml', () => {
  it('lists exactly the files of actions/', () => {
    const files = sources('actions').map((file) => path.basename(file, '.ts'));
    expect(actions.map(({ name }) => name).toSorted()).toEqual(files.toSorted());
  });

  it('holds no secrets and no triggers, which an import would overwrite', () => {
    const manifest = readManifest();
    expect(Object.keys(manifest)).toEqual(['actions']);
    for (const action of manifest.actions) expect(action).not.toHaveProperty('secrets');
  });

  it.each(actions)('deploys $name to the post-login trigger of Node 22', (action) => {
    expect(action).toMatchObject({
      code: `dist/${action.name}.js`,
      runtime: 'node22',
      deployed: true,
      supported_triggers: [{ id: 'post-login', version: 'v3' }],
    });
  });

  it.each(actions)('gives $name the versions of package-lock.json, ten at most', ({ dependencies }) => {
    expect(dependencies.length).toBeLessThanOrEqual(10);
    for (const { name, version } of dependencies) {
      expect(version).toBe(lock.packages[`node_modules/${name}`].version);
    }
  });
});

describe.each(actions)('the built file of $name', (action) => {
  const { name, code, dependencies } = action;
  const built = read(code);
  const required = Array.from(built.matchAll(/\brequire\("([^"]+)"\)/g), ([, module = '']) => module);

  it('fits into an Action', () => {
    const hasOneDestination = sinks.some((sink) => sink.name === name);
    const limit = hasOneDestination ? BUNDLE_AIM_BYTES : ACTION_CODE_LIMIT_BYTES;
    expect(Buffer.byteLength(built)).toBeLessThan(limit);
  });

  it('requires what a0deploy.yaml declares, and all of it', () => {
    const packages = required.filter((module) => !isBuiltin(module));
    expect(new Set(packages)).toEqual(new Set(dependencies.map((dependency) => dependency.name)));
  });

  it('exports the handler alone, as a native async function', () => {
    const module = { exports: {} as Record<string, unknown> };
    const load = new Function('module', 'exports', 'require', built);
    load(module, module.exports, (id: string) => (isBuiltin(id) ? process.getBuiltinModule(id) : {}));
    expect(Object.keys(module.exports)).toEqual(['onExecutePostLogin']);
    expect(module.exports.onExecutePostLogin?.constructor.name).toBe('AsyncFunction');
  });

  it('has no word that the Deploy CLI would replace', () => {
    expect(built).not.toMatch(/##\w+##|@@\w+@@/);
  });

  it("can be read in Auth0's editor", () => {
    expect(built).toMatch(new RegExp(`^// auth0-login-analytics \\d+\\.\\d+\\.\\d+.*: ${name}\\.`));
    expect(built).toContain('@param {PostLoginAPI} api');
    expect(Math.max(...built.split('\n').map((line) => line.length))).toBeLessThan(700);
  });

  it('comes out the same to the byte', async () => {
    expect(await bundle(action)).toBe(built);
  });
});

it.each([...sources('actions'), ...sources('lib')])(
  '%s reads no environment: an Action has secrets',
  (file) => {
    expect(read(file)).not.toContain('process.env');
  },
);

it('gives every destination an Action and an embedded counterpart, and every Action a test, of its name', () => {
  const names = actions.map(({ name }) => name);
  expect([...sinks.map(({ name }) => name), 'all']).toEqual(names);
  expect(vendors.map(({ name }) => name)).toEqual(sinks.map(({ name }) => name));
  for (const name of names) expect(readdirSync(path.join(ROOT, 'tests'))).toContain(`${name}.test.ts`);
});

describe('the Action for all destinations', async () => {
  const all = await findAction(['all']);

  it('has every one in its list, but Segment once', () => {
    const names = sinks.map(({ name }) => name).filter((name) => name !== 'segment');
    expect(all.sinks.map(({ name }) => name)).toEqual(names);
  });

  it('can tell by the secrets which of them are meant', () => {
    const names = all.sinks.flatMap(({ secrets }) => Object.keys(secrets.entries));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { name, secrets } of all.sinks) expect(requiredSecrets(secrets), name).not.toEqual([]);
  });
});

it('shows in the READMEs the destinations and secrets that the code declares (npm run docs writes them)', async () => {
  for (const [file, content] of await writeDocs()) expect(content, file).toBe(read(file));
});

it('pins in package.json what ships, because Auth0 takes exact versions only', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

it('shows in README.md a destination that works', async () => {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(read('README.md')) ?? [];
  const built = await esbuild({
    stdin: { contents: code, loader: 'ts', resolveDir: path.join(ROOT, 'actions') },
    bundle: true,
    external: ['axios'],
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { port } = server.address() as AddressInfo;
  const event = signUp({ secrets: { ACME_URL: `http://127.0.0.1:${port}`, ACME_TOKEN: 'token' } });
  const { api, effects } = createApi(event, createCache(Date.now));
  const action = loadAction({
    name: 'acme',
    code: built.outputFiles[0]?.text ?? '',
    dependencies: ['axios'],
  });
  const { error, logs } = await action.execute(event, api);
  server.close();
  expect([error, logs, received]).toEqual([undefined, '', ['POST /events Bearer token']]);
  expect(effects.metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { acme: true } }]);
});

function sources(folder: string): string[] {
  const files = readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.ts'));
  return files.map((file) => `${folder}/${file}`);
}

function isBuiltin(module: string): boolean {
  return builtinModules.includes(module.replace(/^node:/, ''));
}
