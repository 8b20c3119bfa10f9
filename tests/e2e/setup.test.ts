/** `setup`, from the questions to a login that is recorded, against the mock Management API and mock vendors. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSearch } from '../../tools/cli/setup/searches.ts';
import { runSteps, StoppedError } from '../../tools/cli/setup/steps.ts';
import { readSets, SETS_FILE, toEntry } from '../../tools/shared/action-sets.ts';
import { ensureBuilt, readBuiltCode } from '../../tools/shared/built-code.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import {
  type ManagementApi,
  startManagementApi,
} from '../../tools/simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../../tools/simulator/auth0/tenant.ts';
import { getVendor } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { createFile, createFolder, runCommand, startCommand } from '../support/command.ts';
import { fastDeployCli, IMPORT_TIMEOUT_MS } from '../support/deploy-cli.ts';
import { type Answer, CTRL_C, Dialogue, ENTER } from '../support/dialogue.ts';
import { getWrites, toEnvironment } from '../support/management-api.ts';

const USER = 'auth0|ada';
const NAMES = ['splunk', 'segment-http', 'mixpanel'];
const CHOOSE_THREE: Answer = ['Destinations', '1', '4', '5', ENTER];
const SET = { name: 'analytics', destinations: NAMES };

const startTenant = async () => {
  const tenant = new Tenant();
  tenant.addConnection({ id: 'con_1', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addApplication({ client_id: 'shop', name: 'Shop' });
  tenant.addUser({ user_id: USER, connection: 'Username-Password-Authentication' });
  const api = await startManagementApi(tenant);
  onTestFinished(() => api.close());
  return { tenant, api };
};

const startMocks = async (): Promise<readonly VendorMock[]> => {
  const mocks = await Promise.all(NAMES.map((name) => startVendorMock(getVendor(name))));
  onTestFinished(async () => {
    await Promise.all(mocks.map((mock) => mock.close()));
  });
  return mocks;
};

const getSecrets = (mocks: readonly VendorMock[]): Record<string, string> =>
  Object.assign({}, ...mocks.map(({ secrets }) => secrets));

/** As if the set had been deployed before, so that the Deploy CLI has nothing to do. */
const addDeployed = async (api: ManagementApi, secrets: Record<string, string> = {}) => {
  const entry = toEntry(SET);
  await ensureBuilt([entry]);
  const dependencies = entry.dependencies.map((dependency) => ({ ...dependency }));
  return api.addAction({ name: entry.name, code: await readBuiltCode(entry), dependencies, secrets });
};

const runDialogue = async (
  args: readonly string[],
  options: { readonly env: Record<string, string>; readonly cwd: string },
  answers: readonly Answer[],
) => {
  const dialogue = new Dialogue(answers);
  const result = await runCommand(['setup', ...args], options, dialogue.stdin, dialogue.stderr);
  return { ...result, remaining: dialogue.remaining };
};

const getTypes = (mocks: readonly VendorMock[], user: string) =>
  mocks.map(({ events }) =>
    events.filter((event) => JSON.stringify(event).includes(user)).map(({ type }) => type),
  );

describe('auth0-login-analytics setup', () => {
  it('leads from questions to a SignUp at three destinations', { timeout: IMPORT_TIMEOUT_MS }, async () => {
    const { tenant, api } = await startTenant();
    const mocks = await startMocks();
    const [splunk, segment, mixpanel] = mocks as [VendorMock, VendorMock, VendorMock];
    const { SPLUNK_HEC_URL = '', SPLUNK_HEC_TOKEN = '', ...moreOfSplunk } = splunk.secrets;
    const { SEGMENT_WRITE_KEY = '', ...moreOfSegment } = segment.secrets;
    const { MIXPANEL_TOKEN = '', ...moreOfMixpanel } = mixpanel.secrets;
    const { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, ...env } = toEnvironment(api);
    const cwd = createFolder();
    const { code, out, err, remaining } = await runDialogue(
      [],
      { env: { ...env, ...moreOfSplunk, ...moreOfSegment, ...moreOfMixpanel, ...fastDeployCli() }, cwd },
      [
        CHOOSE_THREE,
        ['Name of the Action', ENTER],
        ['Domain:', AUTH0_DOMAIN, ENTER],
        ['Client ID:', AUTH0_CLIENT_ID, ENTER],
        ['Client secret:', AUTH0_CLIENT_SECRET, ENTER],
        ['SPLUNK_HEC_URL, ', 'splunk.example.com', ENTER],
        ['must be an https URL', '\x15', SPLUNK_HEC_URL, ENTER],
        ['SPLUNK_HEC_TOKEN, ', SPLUNK_HEC_TOKEN, ENTER],
        ['More secrets of splunk', ENTER],
        ['SEGMENT_WRITE_KEY, ', SEGMENT_WRITE_KEY, ENTER],
        ['More secrets of segment-http', ENTER],
        ['MIXPANEL_TOKEN, ', MIXPANEL_TOKEN, ENTER],
        ['More secrets of mixpanel', ENTER],
        ['Privacy, properties', '1', '3', ENTER],
        ['OMIT_FIELDS, Fields', '\x15', 'phone,picture,coordinates,email', ENTER],
        ['PROPERTIES, Properties of the event', 'plan=user.app_metadata.plan', ENTER],
        ['Set this up?', 'y', ENTER],
      ],
    );
    expect({ remaining, code }, out + err).toEqual({ remaining: [], code: 0 });
    expect(err).toContain('tick read:actions, create:actions, update:actions');
    expect(out).toContain('OMIT_FIELDS=phone,picture,coordinates,email');
    expect(out).toContain('analytics is in the login flow');
    for (const name of NAMES) expect(out).toContain(readSearch(name).split('\n')[0]);
    for (const secret of [AUTH0_CLIENT_SECRET, SPLUNK_HEC_TOKEN, SEGMENT_WRITE_KEY, MIXPANEL_TOKEN]) {
      expect(out + err).not.toContain(secret);
    }
    expect(readSets(cwd)).toEqual([SET]);

    await tenant.login({ user: USER, application: 'shop' });
    for (const types of getTypes(mocks, USER)) expect(types).toContain('SignUp');
    expect(tenant.user(USER).app_metadata).toEqual({
      signedUp: Object.fromEntries(NAMES.map((name) => [name, true])),
    });
  });

  it('does the same without questions, from --with and a file, and reports it as JSON', async () => {
    const { tenant, api } = await startTenant();
    const mocks = await startMocks();
    await addDeployed(api);
    const cwd = createFolder();
    const secrets = createFile('secrets.json', getSecrets(mocks));
    const { code, out } = await runCommand(
      ['setup', '--yes', '--json', '--with', NAMES.join(), '--secrets', secrets],
      { env: toEnvironment(api), cwd },
    );
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      domain: api.domain,
      action: 'analytics',
      destinations: NAMES,
      changes: [],
      flow: ['analytics'],
      done: [
        `analytics is kept in ${SETS_FILE}`,
        'analytics has its secrets',
        'analytics is in the login flow',
      ],
      remaining: [],
      searches: { splunk: expect.any(String) },
    });
    expect(document.checks.at(-1)).toMatchObject({
      action: 'analytics',
      checks: [{ level: 'pass' }, {}, {}, {}],
    });
    expect(code).toBe(0);
    for (const value of mocks.flatMap((mock) => Object.values(mock.secrets))) {
      if (value.length > 20) expect(out).not.toContain(value);
    }
    await tenant.login({ user: USER, application: 'shop' });
    for (const types of getTypes(mocks, USER)) expect(types).toContain('SignUp');
  });

  it('keeps the secrets of the tenant when it runs again, and only adds what is missing', async () => {
    const { api } = await startTenant();
    await addDeployed(api, getSecrets(await startMocks()));
    const cwd = path.dirname(createFile(SETS_FILE, { actions: { analytics: NAMES } }));
    const { code, out, remaining } = await runDialogue([], { env: toEnvironment(api), cwd }, [
      ['Destinations', ENTER],
      ['Name of the Action', ENTER],
      ['Keep them as they are?', ENTER],
      ['Set this up?', 'y', ENTER],
    ]);
    expect({ remaining, code }).toEqual({ remaining: [], code: 0 });
    expect(out).toContain('those in the tenant stay');
    expect(getWrites(api).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PATCH /api/v2/actions/triggers/post-login/bindings',
    ]);
  });

  it.each([
    ['the first question', [['Destinations', CTRL_C]]],
    ['a secret', [CHOOSE_THREE, ['Name of', ENTER], ['SPLUNK_HEC_URL, ', CTRL_C]]],
  ] as const)('changes nothing after Ctrl+C at %s', async (_, answers) => {
    const { api } = await startTenant();
    const cwd = createFolder();
    const { code, err } = await runDialogue([], { env: toEnvironment(api), cwd }, answers);
    expect(code).toBe(130);
    expect(err).toContain('Nothing was changed in the tenant.');
    expect(err).not.toMatch(/Error|at .*\.ts/);
    expect(getWrites(api)).toEqual([]);
    expect(existsSync(path.join(cwd, SETS_FILE))).toBe(false);
  });

  it('shows the plan and changes nothing with --dry-run, or after an answer of no', async () => {
    const { api } = await startTenant();
    const options = {
      env: { ...toEnvironment(api), ...getSecrets(await startMocks()) },
      cwd: createFolder(),
    };
    const args = ['--with', NAMES.join()];
    const { code, out } = await runCommand(['setup', ...args, '--yes', '--dry-run'], options);
    expect(out).toMatch(/Action +analytics: new\n/);
    expect(out).toContain('Nothing was changed.');
    expect(code).toBe(0);
    const declined = await runDialogue(args, options, [
      ...NAMES.map((name): Answer => [`More secrets of ${name}`, ENTER]),
      ['Privacy', ENTER],
      ['Set this up?', ENTER],
    ]);
    expect(declined.out).toContain('Nothing was changed.');
    expect(getWrites(api)).toEqual([]);
  });

  it('changes nothing in the tenant if a destination does not accept the test event', async () => {
    const { api } = await startTenant();
    const env = { ...toEnvironment(api), ...getSecrets(await startMocks()), SPLUNK_HEC_TOKEN: 'wrong-token' };
    const args = ['setup', '--yes', '--with', NAMES.join()];
    const { code, out, err } = await runCommand(args, { env, cwd: createFolder() });
    expect(out).toMatch(/fail +delivery +.*Invalid token/);
    expect(err).toContain('A destination did not accept the test event. Nothing was changed in the tenant.');
    expect(code).toBe(1);
    expect(getWrites(api)).toEqual([]);
  });

  it('names the scopes that are missing before it asks for secrets', async () => {
    const { api } = await startTenant();
    api.scopes = ['read:actions'];
    const options = { env: toEnvironment(api), cwd: createFolder() };
    const { code, err } = await runDialogue(['--with', 'splunk'], options, []);
    expect(err).toContain(
      'The scopes create:actions, update:actions are missing: grant them to the application',
    );
    expect(code).toBe(1);
  });

  it.each([
    ['no terminal', ['--with', 'splunk'], {}, 'there is no terminal to ask in: --yes takes everything'],
    ['no destinations', ['--yes'], {}, `--yes needs --with, as ${SETS_FILE} has no single Action`],
    [
      'a missing secret',
      ['--yes', '--with', 'splunk'],
      {},
      'SPLUNK_HEC_URL is missing; SPLUNK_HEC_TOKEN is missing',
    ],
    [
      'a malformed secret',
      ['--yes', '--with', 'splunk'],
      { SPLUNK_HEC_URL: 'hunter2', SPLUNK_HEC_TOKEN: 'token' },
      'analytics: SPLUNK_HEC_URL must be an https URL',
    ],
  ])('exits with 2 for %s', async (_, args, env, problem) => {
    const { api } = await startTenant();
    const options = { env: { ...toEnvironment(api), ...env }, cwd: createFolder() };
    const { code, err } = await runCommand(['setup', ...args], options);
    expect(err).toContain(problem);
    expect(err).not.toContain('hunter2');
    expect(code).toBe(2);
    expect(getWrites(api)).toEqual([]);
  });

  it('names the secrets that would be lost, and changes nothing with --yes', async () => {
    const { api } = await startTenant();
    const secrets = getSecrets(await startMocks());
    await addDeployed(api, { ...secrets, SPLUNK_INDEX: 'main' });
    const options = { env: { ...toEnvironment(api), ...secrets }, cwd: createFolder() };
    const { code, err } = await runCommand(['setup', '--yes', '--with', NAMES.join()], options);
    expect(err).toContain('analytics has the secrets SPLUNK_INDEX, which were not given and would be lost');
    expect(code).toBe(1);
    expect(getWrites(api)).toEqual([]);
  });

  it('reports what is done and how to go on if the tenant fails in between', async () => {
    const { api } = await startTenant();
    await addDeployed(api);
    const options = {
      env: { ...toEnvironment(api), ...getSecrets(await startMocks()) },
      cwd: createFolder(),
    };
    for (let index = 0; index < 19; index += 1) {
      api.addAction({ name: `theirs-${index}`, code: 'exports.onExecutePostLogin = async () => {};' });
      api.bind(`theirs-${index}`);
    }
    api.addAction({ name: 'last', code: 'exports.onExecutePostLogin = async () => {};' });
    const bindLast = setInterval(() => {
      // Another team takes the last place of the flow after the plan.
      if (getWrites(api).length > 0 && api.bindings.length < 20) api.bind('last');
    }, 5);
    onTestFinished(() => clearInterval(bindLast));
    const { code, err } = await runCommand(['setup', '--yes', '--with', NAMES.join()], options);
    expect(err).toContain("would exceed Auth0's limit of 20");
    expect(err).toContain(
      `Done: analytics is kept in ${SETS_FILE}; analytics has its secrets.\nNot done: analytics is in the login flow.\nGo on with: npx auth0-login-analytics setup --name analytics`,
    );
    expect(code).toBe(1);
  });

  it('stops between two steps after SIGINT, and says how to go on', async () => {
    const { api } = await startTenant();
    await addDeployed(api);
    const mocks = await startMocks();
    const env = { ...toEnvironment(api), ...getSecrets(mocks) };
    const cwd = createFolder();
    const args = ['setup', '--yes', '--with', NAMES.join()];
    const { code, out, err } = await startCommand(args, { env, cwd }, (child) => {
      const timer = setInterval(() => {
        if (getWrites(api).length === 0) return;
        child.kill('SIGINT');
        clearInterval(timer);
      }, 2);
    });
    expect(err, out).toContain(
      'Stopped.\nDone: analytics is kept in auth0-login-analytics.json; analytics has its secrets.',
    );
    expect(err).toContain('Not done: analytics is in the login flow.');
    expect(code).toBe(130);
    expect(api.bindings).toEqual([]);

    const again = await runCommand(['setup', '--yes', '--name', 'analytics'], {
      env: toEnvironment(api),
      cwd,
    });
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(api.bindings.map(({ action }) => action.name)).toEqual(['analytics']);
  });

  it('offers to keep the credentials in .env only where git ignores it', async () => {
    const { api } = await startTenant();
    await addDeployed(api, getSecrets(await startMocks()));
    const { AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, ...env } = toEnvironment(api);
    const credentials: Answer[] = [
      ['Domain:', AUTH0_DOMAIN, ENTER],
      ['Client ID:', AUTH0_CLIENT_ID, ENTER],
      ['Client secret:', AUTH0_CLIENT_SECRET, ENTER],
    ];
    const cwd = createFolder();
    const args = ['--with', NAMES.join()];
    const keep: Answer = ['Keep these three in .env', 'y', ENTER];
    const rest: Answer[] = [
      ['Keep them as they are?', ENTER],
      ['Set this up?', ENTER],
    ];
    const plain = await runDialogue(args, { env, cwd }, [...credentials, ...rest]);
    expect({ remaining: plain.remaining, code: plain.code }).toEqual({ remaining: [], code: 0 });
    expect(existsSync(path.join(cwd, '.env'))).toBe(false);

    execFileSync('git', ['init', '--quiet'], { cwd });
    writeFileSync(path.join(cwd, '.gitignore'), '.env\n');
    const ignored = await runDialogue(args, { env, cwd }, [...credentials, keep, ...rest]);
    expect({ remaining: ignored.remaining, code: ignored.code }).toEqual({ remaining: [], code: 0 });
    expect(readFileSync(path.join(cwd, '.env'), 'utf8')).toContain(`AUTH0_DOMAIN="${api.domain}"\n`);
    const later = await runCommand(['bind', 'analytics', '--dry-run'], { env, cwd });
    expect(later.err).not.toContain('AUTH0_DOMAIN');
  });
});

describe('runSteps', () => {
  const step = (done: string, run = async () => {}) => ({ done, run });

  it('names what is done and what is not if a step fails', async () => {
    const cause = new Error('no');
    const failing = step('second', async () => {
      throw cause;
    });
    const stopped = await runSteps([step('first'), failing, step('third')]).catch((error) => error);
    expect(stopped).toBeInstanceOf(StoppedError);
    expect(stopped).toMatchObject({
      done: ['first'],
      remaining: ['second', 'third'],
      isInterruption: false,
      cause,
    });
  });

  it('finishes the step during which Ctrl+C is pressed, and runs no other', async () => {
    const done: string[] = [];
    const first = step('first', async () => {
      process.emit('SIGINT');
      done.push('first');
    });
    const stopped = await runSteps([first, step('second')]).catch((error) => error);
    expect(done).toEqual(['first']);
    expect(stopped).toMatchObject({ done: ['first'], remaining: ['second'], isInterruption: true });
  });
});

describe('readSearch', async () => {
  it.each((await loadSinks()).map(({ name }) => name))('shows where to look at %s, as plain text', (name) => {
    const text = readSearch(name);
    expect(text.length).toBeGreaterThan(40);
    expect(text).not.toMatch(/\*\*|```|\]\(|^## /m);
  });
});
