/** One Action for a chosen set of destinations, and Actions with the operator's own code. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findAction, selectAction } from '../../tools/cli/select-actions.ts';
import { readSets, SETS_FILE, toEntry, toSet, writeSet } from '../../tools/shared/action-sets.ts';
import { ensureBuilt, readBuiltCode } from '../../tools/shared/built-code.ts';
import { ACTION_CODE_LIMIT_BYTES } from '../../tools/shared/manifest.ts';
import { getVendor } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { copyClone, runInCopy, runNodeIn } from '../support/clone.ts';
import { createFile, createFolder, runCommand } from '../support/command.ts';
import { startApi, toEnvironment } from '../support/management-api.ts';

const SET = { name: 'analytics', destinations: ['splunk', 'segment', 'mixpanel'] };

const createProject = (content: unknown = { actions: { analytics: SET.destinations } }): string =>
  path.dirname(createFile(SETS_FILE, content));

const startMocks = async (...names: readonly string[]) => {
  const mocks = await Promise.all(names.map(async (name) => startVendorMock(getVendor(name))));
  onTestFinished(async () => {
    await Promise.all(mocks.map((mock) => mock.close()));
  });
  return mocks;
};

describe('readSets', () => {
  it('reads the sets of a file, and none where there is no file', () => {
    expect(readSets(createProject())).toEqual([SET]);
    expect(readSets(createFolder())).toEqual([]);
  });

  it.each([
    ['not JSON', '{', `${SETS_FILE} is not valid JSON`],
    ['a list', [], 'does not hold a JSON object'],
    ['an unknown field', { actions: {}, action: {} }, 'unknown field action, the only one is actions'],
    ['no actions', {}, 'actions must be an object, from the name of an Action to destinations'],
    ['a string for a list', { actions: { a: 'splunk' } }, 'a must be a list of destinations'],
    ['a name that no file can have', { actions: { '../a': ['splunk'] } }, 'the name ../a cannot be used'],
    ['the name of a destination', { actions: { splunk: ['splunk'] } }, 'the name splunk is reserved'],
  ])('rejects %s', (_, content, problem) => {
    expect(() => readSets(createProject(content))).toThrow(problem);
  });
});

describe('findAction', () => {
  it('finds the Action for a set by its name', async () => {
    const { sinks } = await findAction('analytics', { cwd: createProject() });
    expect(sinks.map(({ name }) => name)).toEqual(SET.destinations);
  });

  it.each([
    [['splnk'], 'analytics: unknown destination splnk, choose from splunk, keen, '],
    [[], 'analytics has no destination'],
    [['segment', 'segment-http'], 'analytics: segment and segment-http record at the same place, choose one'],
    [['splunk', 'splunk'], 'analytics: splunk and splunk record at the same place'],
  ])('rejects the destinations %j', async (destinations, problem) => {
    const cwd = createProject({ actions: { analytics: destinations } });
    await expect(findAction('analytics', { cwd })).rejects.toThrow(problem);
  });
});

describe('writeSet', () => {
  it('keeps other sets, replaces the one of the name, and changes nothing the second time', () => {
    const cwd = createProject();
    expect(writeSet(cwd, toSet('audit', 'datadog, otlp'))).toBe(true);
    expect(writeSet(cwd, toSet('analytics', 'keen'))).toBe(true);
    expect(writeSet(cwd, toSet('analytics', 'keen'))).toBe(false);
    expect(readSets(cwd)).toEqual([
      { name: 'analytics', destinations: ['keen'] },
      { name: 'audit', destinations: ['datadog', 'otlp'] },
    ]);
  });
});

describe('the built Action for a set', () => {
  it('requires the dependencies of its destinations, and holds no other destination', async () => {
    const entry = toEntry(SET);
    await ensureBuilt([entry]);
    const code = await readBuiltCode(entry);
    const names = entry.dependencies.map(({ name }) => name);
    expect(names).toEqual(['axios', '@segment/analytics-node']);
    for (const name of names) expect(code).toMatch(new RegExp(`require\\("${name}[/"]`));
    expect(code).toMatch(/^\/\/ auth0-login-analytics .*: analytics\./);
    expect(code).not.toContain('AMPLITUDE_API_KEY');
    expect(Buffer.byteLength(code)).toBeLessThan(ACTION_CODE_LIMIT_BYTES);
    expect(toEntry(toSet('audit', 'splunk')).dependencies.map(({ name }) => name)).toEqual(['axios']);
  });

  it('records at each destination, under the name of the Action', async () => {
    const mocks = await startMocks(...SET.destinations);
    const env = Object.assign({}, ...mocks.map(({ secrets }) => secrets));
    const { code, out } = await runCommand(['try', 'analytics', '--yes'], { env, cwd: createProject() });
    expect(out).toMatch(/^analytics: delivered/);
    expect(code).toBe(0);
    for (const { events } of mocks) expect(events.map(({ type }) => type)).toContain('SignUp');
  });
});

describe('auth0-login-analytics deploy --with', () => {
  it('shows what would change, and keeps nothing with --dry-run', async () => {
    const { api } = await startApi();
    const cwd = createFolder();
    const args = ['deploy', '--with', 'splunk,segment-http', '--name', 'audit', '--dry-run'];
    expect(await runCommand(args, { env: toEnvironment(api), cwd })).toEqual({
      code: 0,
      out: `${api.domain}:\naudit   new\nNothing was changed.\n`,
      err: '',
    });
    expect(existsSync(path.join(cwd, SETS_FILE))).toBe(false);
  });

  it('keeps the set, which later commands know by its name', async () => {
    const { api } = await startApi();
    const entry = toEntry(toSet('analytics', 'splunk,segment-http'));
    await ensureBuilt([entry]);
    const { name, dependencies } = entry;
    const code = await readBuiltCode(entry);
    api.addAction({ name, code, dependencies: dependencies.map((dependency) => ({ ...dependency })) });
    const cwd = createFolder();
    const options = { env: toEnvironment(api), cwd };
    const deployed = await runCommand(['deploy', '--with', 'splunk,segment-http', '--yes'], options);
    expect(deployed.out).toContain(`analytics is kept in ${SETS_FILE}: commit it.\nNothing to deploy.`);
    expect(readSets(cwd)).toEqual([{ name, destinations: ['splunk', 'segment-http'] }]);

    expect(await runCommand(['bind', 'analytics'], options)).toMatchObject({ code: 0, err: '' });
    expect(api.bindings.map(({ action }) => action.name)).toEqual(['analytics']);
    const { out } = await runCommand(['deploy', 'analytics', '--yes'], options);
    expect(out).toContain('Nothing to deploy.');
  });

  it.each([
    ['other names', ['splunk', '--with', 'splunk'], 'name no others'],
    ['an unknown destination', ['--with', 'splnk'], 'unknown destination splnk'],
    ['a reserved name', ['--with', 'splunk', '--name', 'all'], 'the name all is reserved'],
    ['a name without destinations', ['--name', 'analytics'], '--name names the Action of --with'],
  ])('rejects %s before the tenant is asked', async (_, args, problem) => {
    const { api } = await startApi();
    const { code, err } = await runCommand(['deploy', ...args, '--yes'], { env: toEnvironment(api) });
    expect(err).toContain(problem);
    expect(code).toBe(2);
    expect(api.requests).toEqual([]);
  });

  it('reports a malformed file in one line, whatever the command', async () => {
    const { code, err } = await runCommand(['doctor'], { cwd: createProject({ actions: [] }) });
    expect(err).toMatch(/^error: auth0-login-analytics\.json: actions must be an object.*\n$/);
    expect(code).toBe(2);
  });
});

const OWN_ACTION = `/** Records at two destinations, and adds a claim of our own. */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { createAction } from '../lib/create-action.ts';
import { segmentHttp } from './segment-http.ts';
import { splunk } from './splunk.ts';

export const sinks = [splunk, segmentHttp];

const record = createAction(sinks, { name: 'ours' });

export const onExecutePostLogin = async (event: Event, api: PostLoginAPI) => {
  if (event.secrets.OUR_CLAIM === undefined) throw new Error('OUR_CLAIM is missing');
  api.idToken.setCustomClaim('https://example.com/plan', 'gold');
  await record(event, api);
};
`;

describe("an Action of the operator's own in actions/", { timeout: 180_000 }, () => {
  let copy: string;
  beforeAll(async () => {
    copy = await copyClone();
    writeFileSync(path.join(copy, 'actions/ours.ts'), OWN_ACTION);
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it('is reported as not listed before npm run generate', async () => {
    const { code, err } = await runInCopy(copy, ['doctor', 'ours']);
    expect(err).toContain('actions/ours.ts is not in a0deploy.yaml yet: run npm run generate.');
    expect(code).toBe(2);
  });

  it('passes the checks of the project, is built and can be deployed', async () => {
    expect(await runNodeIn(copy, '--import', 'tsx', 'tools/scripts/generate.ts')).toEqual({
      code: 0,
      out: 'a0deploy.yaml written\n',
    });
    const checks = await Promise.all([
      runNodeIn(copy, 'node_modules/typescript/bin/tsc'),
      runNodeIn(copy, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
      runNodeIn(
        copy,
        'node_modules/vitest/vitest.mjs',
        'run',
        'tests/contract/declarations.test.ts',
        'tests/unit/generate.test.ts',
        'tests/unit/import-directions.test.ts',
        'tests/unit/sinks.test.ts',
      ),
    ]);
    for (const { code, out } of checks) expect(code, out).toBe(0);
    expect(readFileSync(path.join(copy, 'dist/ours.js'), 'utf8')).toContain('OUR_CLAIM');

    const { api } = await startApi();
    const { code, out, err } = await runInCopy(copy, ['deploy', 'ours', '--dry-run'], toEnvironment(api));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('ours   new');
  });
});

describe('selectAction', () => {
  it('knows no set of another folder', () => {
    expect(() => selectAction('analytics', { cwd: createFolder() })).toThrow('unknown Action analytics');
  });
});
