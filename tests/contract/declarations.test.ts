/** What a0deploy.yaml and package.json declare, held to the truth. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { getRequiredSecrets } from '../../lib/secrets.ts';
import { findAction } from '../../tools/cli/select-actions.ts';
import { bundle } from '../../tools/shared/build.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { ACTION_CODE_LIMIT_BYTES, ROOT, readManifest } from '../../tools/shared/manifest.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const { actions } = readManifest();
const sinks = await loadSinks();
const lock = JSON.parse(read('package-lock.json'));

const SINK_MEMBERS = [
  'name',
  'title',
  'docs',
  'secrets',
  'check',
  'batchLimit',
  'toPayload',
  'getSkipReason',
  'send',
  'sendProfiles',
];

describe('a0deploy.yaml', () => {
  it('lists the files of actions/, except the entry of the package', () => {
    const files = sources('actions').map((file) => path.basename(file, '.ts'));
    const names = files.filter((name) => name !== 'index');
    expect(actions.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
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

/** `axios` of `axios/dist/browser/axios.cjs`. */
const getPackageName = (module: string): string => module.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? '';

describe.each(actions)('the built file of $name', (action) => {
  const { name, code, dependencies } = action;
  const built = read(code);
  const required = Array.from(built.matchAll(/\brequire\("([^"]+)"\)/g), ([, module = '']) => module);

  it('fits into an Action', () => {
    expect(Buffer.byteLength(built)).toBeLessThan(ACTION_CODE_LIMIT_BYTES);
  });

  it('requires what a0deploy.yaml declares, and all of it', () => {
    const packages = required.filter((module) => !isBuiltin(module)).map(getPackageName);
    expect(new Set(packages)).toEqual(new Set(dependencies.map((dependency) => dependency.name)));
  });

  it('exports the handler alone, as a native async function', () => {
    const module = { exports: {} as Record<string, unknown> };
    const load = new Function('module', 'exports', 'require', built);
    load(module, module.exports, (id: string) => (isBuiltin(id) ? process.getBuiltinModule(id) : {}));
    expect(Object.keys(module.exports)).toEqual(['onExecutePostLogin']);
    expect(module.exports.onExecutePostLogin?.constructor.name).toBe('AsyncFunction');
  });

  it('loads no package before a login needs it', () => {
    const packages: string[] = [];
    const load = new Function('module', 'exports', 'require', built);
    load({}, {}, (id: string) => (isBuiltin(id) ? process.getBuiltinModule(id) : packages.push(id)));
    expect(packages).toEqual([]);
  });

  it('has no word that the Deploy CLI would replace', () => {
    expect(built).not.toMatch(/##\w+##|@@\w+@@/);
  });

  it('names its origin in the first line', () => {
    expect(built).toMatch(new RegExp(`^// auth0-login-analytics \\d+\\.\\d+\\.\\d+.*: ${name}\\.`));
  });

  // Only an Action for many destinations may have to be minified.
  it.runIf(sinks.some((sink) => sink.name === name))("can be read in Auth0's editor", () => {
    expect(built).toMatch(/^var onExecutePostLogin = createAction\(\w+\);$/m);
    expect(Math.max(...built.split('\n').map(({ length }) => length))).toBeLessThan(700);
  });

  it('comes out the same to the byte', async () => {
    expect(await bundle(action)).toBe(built);
  });
});

describe.each(sinks)('the source of $name', ({ name }) => {
  const source = read(`actions/${name}.ts`);
  // Two ways of sending the same share their secrets and their payload.
  const shared = /^import \{[^}]*\btoPayload\b[^}]*\} from '\.\/(shared\/[\w-]+\.ts)';$/m.exec(source)?.[1];
  const mapping = shared ? read(`actions/${shared}`) : source;
  const getOffset = (part: RegExp) => source.search(part);

  it('has at most 100 lines', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(100);
  });

  it('has its parts in the order of its siblings', () => {
    const offsets = [
      /^import /m,
      ...(shared ? [] : [/^const secrets = /m, /^const toPayload = /m]),
      /^export const \w+ = defineSink\(/m,
      /^export const onExecutePostLogin = createAction\(\w+\);\n$/m,
    ].map(getOffset);
    expect(offsets).not.toContain(-1);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  it('has the members of its sink in the order of its siblings', () => {
    const sink = source.slice(getOffset(/^export const \w+ = defineSink\(/m));
    const members = Array.from(sink.matchAll(/^ {2}(?:async )?(\w+)[,:(]/gm), ([, member]) => member);
    expect(members).toEqual(SINK_MEMBERS.filter((member) => members.includes(member)));
    expect(members).toEqual(
      expect.arrayContaining(['name', 'title', 'docs', 'secrets', 'toPayload', 'send']),
    );
  });

  it('maps an activity by (activity, secrets, now), without what it does not need at the end', () => {
    const [, parameters] = /^(?:export )?const toPayload = \(([^)]*)\)/m.exec(mapping) ?? [];
    expect(parameters).toMatch(/^activity: Activity(, _?secrets: \w*Secrets(, now: Date)?)?$/);
  });
});

it.each(['actions', 'actions/shared', 'lib'].flatMap(sources))(
  '%s reads no environment: an Action has secrets',
  (file) => {
    expect(read(file)).not.toContain('process.env');
  },
);

it('gives every destination an Action, a mock vendor, a unit test and a page of its name', () => {
  const names = actions.map(({ name }) => name);
  const expected = [...sinks.map(({ name }) => name), 'all'];
  // Actions with code of the operator's own follow.
  expect(names.slice(0, expected.length)).toEqual(expected);
  expect(vendors.map(({ name }) => name)).toEqual(sinks.map(({ name }) => name));
  for (const { name } of sinks) {
    expect(readdirSync(path.join(ROOT, 'tests/unit'))).toContain(`${name}.test.ts`);
    expect(readdirSync(path.join(ROOT, 'docs/destinations'))).toContain(`${name}.md`);
  }
});

describe('the Action for all destinations', async () => {
  const all = await findAction('all');

  it('includes every destination, and Segment once', () => {
    const names = sinks.map(({ name }) => name).filter((name) => name !== 'segment');
    expect(all.sinks.map(({ name }) => name)).toEqual(names);
  });

  it('can select by the secrets which destinations are configured', () => {
    const names = all.sinks.flatMap(({ secrets }) => Object.keys(secrets));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { name, secrets } of all.sinks) expect(getRequiredSecrets(secrets), name).not.toEqual([]);
  });
});

it('pins in package.json what ships, because Auth0 takes exact versions only', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

function sources(folder: string): string[] {
  const files = readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.ts'));
  return files.map((file) => `${folder}/${file}`);
}

function isBuiltin(module: string): boolean {
  return builtinModules.includes(module.replace(/^node:/, ''));
}
