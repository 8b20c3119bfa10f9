/** The command line as a whole, and the commands that run an Action: start and try. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { splunk as splunkSink } from '../../actions/splunk.ts';
import { Context } from '../../tools/cli/context.ts';
import { readSecrets } from '../../tools/cli/secret-values.ts';
import { readJsonObject } from '../../tools/shared/json-file.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import { createFile, runCommand, startCommand } from '../support/command.ts';
import { login, signUp } from '../support/events.ts';
import { mock, startMock } from '../support/vendor.ts';

const COMMANDS = [
  'setup',
  'completion',
  'start',
  'try',
  'deploy',
  'secrets',
  'bind',
  'unbind',
  'doctor',
  'backfill',
  'new',
];

describe('auth0-login-analytics', () => {
  it('lists its commands with --help', async () => {
    const { code, out } = await startCommand(['--help']);
    expect(code).toBe(0);
    const listed = out.split('\n').flatMap((line) => /^ {2}(\w+) .*\S/.exec(line)?.[1] ?? []);
    expect(listed).toEqual(expect.arrayContaining(COMMANDS));
  });

  it.each(COMMANDS)('explains %s with --help', async (command) => {
    const { code, out, err } = await runCommand([command, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: auth0-login-analytics ${command} `));
    expect(out).toMatch(/Exits\s+with\s+0\s|exits\s+with\s+0\s/);
  });

  it.each([
    [['dploy'], "error: unknown command 'dploy' (Did you mean deploy?) See npx auth0-login-analytics --help"],
    [
      ['deploy', '--dryrun'],
      "error: unknown option '--dryrun' (Did you mean --dry-run?) See npx auth0-login-analytics deploy --help",
    ],
    [
      ['try', 'splnk'],
      'error: unknown Action splnk, did you mean splunk? See npx auth0-login-analytics try --help',
    ],
    [['try'], "error: missing required argument 'action'. See npx auth0-login-analytics try --help"],
    [
      ['try', 'splunk', 'keen'],
      "error: too many arguments for 'try'. Expected 1 argument but got 2. See npx auth0-login-analytics try --help",
    ],
    [
      ['try', 'splunk', '--secrets', '/nowhere.json'],
      'error: Cannot read /nowhere.json: no such file. See npx auth0-login-analytics try --help',
    ],
  ])('explains in one line what is wrong with %j', async (args, message) => {
    expect(await runCommand(args)).toEqual({ code: 2, out: '', err: `${message}\n` });
  });

  it('refers to the npm script that was run', async () => {
    const env = { npm_lifecycle_event: 'deploy' };
    expect((await runCommand(['deploy', '--dryrun'], { env })).err).toContain(
      'See npm run deploy -- --help\n',
    );
  });

  it('does nothing if npm has kept an option to itself', async () => {
    const env = { npm_lifecycle_event: 'deploy', npm_config_dry_run: 'true' };
    expect(await runCommand(['deploy', 'splunk'], { env })).toEqual({
      code: 2,
      out: '',
      err: 'error: npm keeps --dry-run to itself: write npm run deploy -- before it. See npm run deploy -- --help\n',
    });
  });

  it('points to npm run -s where the banner of npm comes before JSON', async () => {
    const env = { npm_lifecycle_event: 'start', npm_config_loglevel: 'notice' };
    const args = ['start', '--once', '--json'];
    const { out, err } = await runCommand(args, { env });
    expect(JSON.parse(out)).toHaveProperty('logins');
    expect(err).toBe('npm has printed two lines before the JSON: npm run -s start -- prints JSON alone\n');
    const silent = await runCommand(args, { env: { ...env, npm_config_loglevel: 'silent' } });
    expect(silent.err).toBe('');
  });

  it('ends quietly when the reader of its output closes the pipe', async () => {
    const bin = path.join(ROOT, 'tools/cli/bin/auth0-login-analytics.js');
    const child = spawn(process.execPath, [bin, 'backfill', '--help']);
    child.stdout.destroy();
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('auth0-login-analytics completion', () => {
  const complete = async (script: string, words: readonly string[]): Promise<string[]> => {
    const quoted = ['auth0-login-analytics', ...words].map((word) => `'${word}'`).join(' ');
    const test = `${script}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
_auth0_login_analytics
printf '%s\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', test]);
    return stdout.split('\n').filter((word) => word !== '');
  };

  it('completes commands, options and names of Actions in bash, those of sets among them', async () => {
    const cwd = path.dirname(
      createFile('auth0-login-analytics.json', { actions: { 'sales-analytics': ['splunk'] } }),
    );
    const { out, code } = await runCommand(['completion', 'bash'], { cwd });
    expect(code).toBe(0);
    expect(await complete(out, ['se'])).toEqual(['setup', 'secrets']);
    expect(await complete(out, ['deploy', '--dry'])).toEqual(['--dry-run']);
    expect(await complete(out, ['bind', 's'])).toEqual([
      'splunk',
      'segment',
      'segment-http',
      'slack',
      'sumo',
      'sales-analytics',
    ]);
    expect(await complete(out, ['start', 's'])).toEqual([]);
  });

  it.each(['zsh', 'fish'])('has every command and its description in %s', async (shell) => {
    const { out } = await runCommand(['completion', shell]);
    for (const command of COMMANDS) expect(out).toContain(command);
    expect(out).toContain('add Actions to the post-login flow');
    expect(out).toContain('show what would change, and change nothing');
  });

  it('rejects another shell', async () => {
    const { code, err } = await runCommand(['completion', 'cmd']);
    expect(err).toContain('Allowed choices are bash, zsh, fish.');
    expect(code).toBe(2);
  });
});

describe('auth0-login-analytics start', () => {
  it('serves the playground until it is stopped', async () => {
    let page = '';
    const { code, out } = await startCommand(['start'], {}, (child) => {
      child.stdout?.on('data', async (line) => {
        const [url = '', token] = /http:\S+token=(\w+)/.exec(String(line)) ?? [];
        const { port, origin } = new URL(url);
        page = await (await fetch(origin, { headers: { Cookie: `playground-${port}=${token}` } })).text();
        child.kill('SIGINT');
      });
    });
    expect(page).toContain('<title>auth0-login-analytics');
    expect(out).toMatch(
      /^Open http:\/\/127\.0\.0\.1:\d+\/\?token=\w{48} in a browser\. Ctrl\+C stops it\.\n$/,
    );
    expect(code).toBe(0);
  });

  it.each(['70000', '-1', '80.5', 'http'])('exits with 2 for the port %s', async (port) => {
    expect(await runCommand(['start', `--port=${port}`])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('--port must be a number from 0 to 65535'),
    });
  });

  it('runs the scenario with --once, and every event arrives', async () => {
    const { code, out } = await runCommand(['start', '--once']);
    expect(out).toContain('Every expected event arrived, once.');
    expect(out).toMatch(/^Ada signs up +SignUp everywhere$/m);
    expect(out).toMatch(/^Ada logs in again +Login at \d+; skipped at keen, slack$/m);
    expect(out).toMatch(/^Grace is authenticated silently +skipped everywhere$/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a color is.
    expect(out).not.toMatch(/\u001b\[/);
    expect(code).toBe(0);
  });

  it('prints logins, requests and metadata as JSON, without a credential', async () => {
    const { code, out } = await runCommand(['start', '--once', '--json']);
    const { logins, destinations, users, problems } = JSON.parse(out);
    expect(code).toBe(0);
    expect(problems).toEqual([]);
    expect(logins[0]).toMatchObject({
      outcome: 'completed',
      appMetadataBefore: {},
      appMetadataAfter: { signedUp: Object.fromEntries(vendors.map(({ name }) => [name, true])) },
      actions: vendors.map(({ name }) => ({
        name,
        outcomes: [{ destination: name, status: 'delivered', activity: { type: 'SignUp' } }],
      })),
    });
    expect(destinations[0].requests[0]).toMatchObject({
      method: 'POST',
      path: '/services/collector/event',
      status: 200,
      headers: { authorization: 'Splunk ***' },
    });
    expect(users).toContainEqual({ user_id: 'auth0|migrated', app_metadata: { signedUp: true } });
    for (const { secrets } of vendors) {
      for (const [name, value] of Object.entries(secrets({ url: '', caCertificate: '' }))) {
        if (/TOKEN|KEY|SECRET/.test(name)) expect(out).not.toContain(value);
      }
    }
  });
});

describe('auth0-login-analytics try', () => {
  beforeEach(() => startMock(splunk));

  it("delivers Auth0's example event with the secrets of the environment", async () => {
    const { code, out } = await startCommand(['try', 'splunk', '--yes'], { env: mock.secrets });
    expect(out).toMatch(
      /^splunk: delivered in \d+ ms\nsplunk +SignUp delivered in \d+ ms\napp_metadata +signedUp = \{"splunk":true\}\n/,
    );
    expect(code).toBe(0);
    expect(mock.events).toMatchObject([{ type: 'SignUp', userId: expect.stringMatching(/^auth0\|try-/) }]);
  });

  it('sends another user and another id each time', async () => {
    for (let run = 0; run < 2; run += 1) await runCommand(['try', 'splunk', '--yes'], { env: mock.secrets });
    const [first, second] = mock.events;
    expect(mock.events).toMatchObject([{ duplicate: false }, { duplicate: false }]);
    expect(first?.userId).not.toBe(second?.userId);
    expect(first?.id).not.toBe(second?.id);
  });

  it('prints requests and responses without credentials', async () => {
    const { out } = await runCommand(['try', 'splunk', '--yes'], { env: mock.secrets });
    expect(out).toMatch(/^POST https?:\/\/127\.0\.0\.1:\d+\/services\/collector\/event$/m);
    expect(out).toMatch(/^ {2}authorization: Splunk \*\*\*$/m);
    expect(out).toMatch(/^ +"message": "SignUp",?$/m);
    expect(out).toMatch(/^200\n(.*\n)* {4}"text": "Success",$/m);
    expect(out).not.toContain(mock.secrets.SPLUNK_HEC_TOKEN);
  });

  it('prints where an error was thrown that nobody expected', async () => {
    const event = createFile('event.json', { ...signUp(), user: {} });
    const { code, out } = await runCommand(['try', 'splunk', '--yes', '--event', event], {
      env: mock.secrets,
    });
    expect(out).toMatch(/^splunk +Login failed: unexpected TypeError\n +at .*:\d+:\d+/m);
    expect(code).toBe(1);
  });

  it.each([
    ['yes', 'y\r', 1, /^splunk: delivered/],
    ['no', 'n\r', 0, /^Nothing was sent\.\n$/],
  ])('asks first, and respects the answer %s', async (_, keys, count, expected) => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const timer = setInterval(() => terminal.write(keys), 50);
    const { code, out, err } = await runCommand(['try', 'splunk'], { env: mock.secrets }, terminal);
    clearInterval(timer);
    expect(code).toBe(0);
    expect(err).toMatch(/Send a real event of the user auth0\|try-\w+ to splunk\?/);
    expect(out).toMatch(expected);
    expect(mock.events).toHaveLength(count);
  });

  it('requires --yes where there is no terminal to ask in', async () => {
    expect(await runCommand(['try', 'splunk'], { env: mock.secrets })).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no terminal to ask in: --yes sends the event without asking'),
    });
    expect(mock.requests).toEqual([]);
  });

  it('delivers a given event with the secrets of a file, and prints the outcome as JSON', async () => {
    const { code, out } = await runCommand([
      'try',
      'splunk',
      '--yes',
      '--event',
      createFile('event.json', login()),
      '--secrets',
      createFile('secrets.json', mock.secrets),
      '--json',
    ]);
    expect(JSON.parse(out)).toMatchObject({
      action: 'splunk',
      status: 'delivered',
      outcomes: [{ destination: 'splunk', status: 'delivered', attempts: 1 }],
      metadata: [],
    });
    expect(code).toBe(0);
    expect(mock.events).toMatchObject([{ type: 'Login' }]);
  });

  it('delivers to each destination that is configured', async () => {
    const { code, out } = await runCommand(['try', 'all', '--yes'], { env: mock.secrets });
    expect(out).toMatch(/^all: delivered in \d+ ms\nsplunk +SignUp delivered in \d+ ms\n/);
    expect(code).toBe(0);
    expect(mock.events).toMatchObject([{ type: 'SignUp' }]);
  });

  it('reads the secrets that CONFIG holds', async () => {
    const { code } = await runCommand(['try', 'splunk', '--yes'], {
      env: { CONFIG: JSON.stringify(mock.secrets) },
    });
    expect(code).toBe(0);
    expect(mock.events).toMatchObject([{ type: 'SignUp' }]);
  });

  it('exits with 0 for a login that is rightly skipped', async () => {
    const silent = signUp({ request: { ...signUp().request, query: { prompt: 'none' } } });
    const args = ['try', 'splunk', '--yes', '--event', createFile('silent.json', silent)];
    const { code, out } = await runCommand(args, { env: mock.secrets });
    expect(out).toMatch(/^splunk +skipped: silent authentication$/m);
    expect(code).toBe(0);
  });

  it('exits with 1 for a login that is not delivered, and prints what the Action logs', async () => {
    mock.injectFault({ response: { status: 503 } });
    const { code, out } = await runCommand(['try', 'splunk', '--yes'], { env: mock.secrets });
    expect(out).toMatch(/^splunk +SignUp failed: 503 A fault was injected/m);
    expect(out).toMatch(/^log +\[splunk\] SignUp failed: 503/m);
    expect(code).toBe(1);
  });

  it('exits with 1 if one of several destinations has failed', async () => {
    const env = { ...mock.secrets, KEENIO_PROJECT_ID: 'id', KEENIO_WRITE_KEY: 'key', KEENIO_URL: mock.url };
    const { code, out } = await runCommand(['try', 'all', '--yes'], { env });
    expect(out).toMatch(/^all: failed in \d+ ms$/m);
    expect(out).toMatch(/^splunk +SignUp delivered in \d+ ms$/m);
    expect(out).toMatch(/^keen +SignUp failed: 404/m);
    expect(out).toMatch(/^app_metadata +signedUp = \{"splunk":true\}$/m);
    expect(code).toBe(1);
  });

  it('exits with 2 for an Action that is not configured, and prints no value', async () => {
    const env = { SPLUNK_HEC_URL: 'http://hunter2.example.com' };
    const { code, out, err } = await runCommand(['try', 'splunk', '--yes'], { env });
    expect(out).toContain('SPLUNK_HEC_URL must be an https URL');
    expect(out).toContain('SPLUNK_HEC_TOKEN is missing');
    expect(out + err).not.toContain('hunter2');
    expect(code).toBe(2);
  });
});

describe('readSecrets', () => {
  const context = new Context({ ...process, env: { LOG: 'all', PATH: '/bin' }, cwd: tmpdir });

  it('reads the environment variables that the sinks know', async () => {
    expect(await readSecrets(context, [splunkSink], undefined)).toEqual({ LOG: 'all' });
  });

  it('reads a file instead, in which secrets of other sinks may be', async () => {
    const file = createFile('secrets.json', { SPLUNK_INDEX: 'main', KEENIO_WRITE_KEY: 'key' });
    expect(await readSecrets(context, [splunkSink], file)).toEqual({ SPLUNK_INDEX: 'main' });
  });

  it('reads what CONFIG holds, of a file and of the environment', async () => {
    const CONFIG = JSON.stringify({ SPLUNK_INDEX: 'main', KEENIO_WRITE_KEY: 'key' });
    const file = createFile('secrets.json', { SPLUNK_SOURCE: 'auth0', CONFIG });
    expect(await readSecrets(context, [splunkSink], file)).toEqual({
      SPLUNK_INDEX: 'main',
      SPLUNK_SOURCE: 'auth0',
    });
    const other = new Context({ ...process, env: { CONFIG }, cwd: tmpdir });
    expect(await readSecrets(other, [splunkSink], undefined)).toEqual({ SPLUNK_INDEX: 'main' });
  });

  it('leaves alone an environment variable CONFIG of another tool', async () => {
    const other = new Context({ ...process, env: { LOG: 'all', CONFIG: 'Release' }, cwd: tmpdir });
    expect(await readSecrets(other, [splunkSink], undefined)).toEqual({ LOG: 'all' });
  });

  it('rejects a secret that is given twice', async () => {
    const CONFIG = JSON.stringify({ SPLUNK_INDEX: 'hunter2' });
    const file = createFile('secrets.json', { SPLUNK_INDEX: 'main', CONFIG });
    await expect(readSecrets(context, [splunkSink], file)).rejects.toThrow(
      /^SPLUNK_INDEX is set twice, as a secret and in CONFIG$/,
    );
  });

  it.each([
    ['that is not JSON', 'hunter2', 'is not valid JSON'],
    ['with a list', ['hunter2'], 'does not hold a JSON object'],
    [
      'with a misspelt name',
      { SPLUNK_HEC_TOKN: 'hunter2' },
      'unknown secret SPLUNK_HEC_TOKN, did you mean SPLUNK_HEC_TOKEN?',
    ],
    ['with a value that is not a string', { SPLUNK_TLS_VERIFY: false }, 'SPLUNK_TLS_VERIFY must be a string'],
  ])('rejects a file %s, and shows none of its values', async (_, content, message) => {
    const file = createFile('secrets.json', content);
    await expect(readSecrets(context, [splunkSink], file)).rejects.toThrow(message);
    await expect(readSecrets(context, [splunkSink], file)).rejects.toThrow(/^(?!.*hunter2)/);
  });
});

describe('readJsonObject', () => {
  it('names a file that does not exist', () => {
    expect(() => readJsonObject('nowhere.json')).toThrow('Cannot read nowhere.json: no such file');
  });
});
