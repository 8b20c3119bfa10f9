/** What runs in GitHub Actions: CI of this project, and the example for others. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { splunk } from '../../actions/splunk.ts';
import { getRequiredSecrets } from '../../lib/secrets.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';
import { findProblem } from '../support/commands.ts';

interface Job {
  readonly if?: string;
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
  readonly steps: ReadonlyArray<{ readonly run?: string; readonly uses?: string }>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const readYaml = (file: string) => parse(readFileSync(path.join(ROOT, file), 'utf8'));
const { version, engines } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

const getCommands = ({ steps }: Job): string[] => steps.flatMap(({ run }) => run ?? []);

describe('.github/workflows/ci.yml', () => {
  const { jobs, permissions }: Workflow = readYaml('.github/workflows/ci.yml');
  const [job] = Object.values(jobs);

  it('installs, tests and checks', () => {
    expect(job && getCommands(job)).toEqual([
      'google-chrome --version',
      'npm ci',
      'npm ci',
      'npm test',
      'npm run check',
    ]);
    expect(job && getCommands(job).flatMap((command) => findProblem(command) ?? [])).toEqual([]);
  });

  it('does so on the oldest Node that is supported, and on the one that Auth0 runs', () => {
    const oldest = /\d+\.\d+/.exec(engines.node)?.[0];
    const runtime = readManifest().actions[0]?.runtime.replace('node', '');
    expect(job?.strategy?.matrix.node).toEqual([oldest, runtime]);
  });

  it('may read the repository, and no more', () => {
    expect(permissions).toEqual({ contents: 'read' });
  });
});

describe('.github/dependabot.yml', () => {
  it('watches npm and the workflows', () => {
    const { updates } = readYaml('.github/dependabot.yml');
    const ecosystems = updates.map((entry: Record<string, string>) => entry['package-ecosystem']);
    expect(ecosystems).toEqual(['npm', 'github-actions']);
  });
});

describe('examples/github-workflow.yml', () => {
  const { jobs, env = {}, on }: Workflow = readYaml('examples/github-workflow.yml');
  const CLI = /^npx --yes "\$CLI"/;
  const commands = Object.values(jobs)
    .flatMap(getCommands)
    .map((command) => command.replace(CLI, 'npx auth0-login-analytics'));

  it('runs commands that exist, in the order of getting started', () => {
    expect(commands).toEqual([
      'npx auth0-login-analytics deploy splunk --yes',
      'npx auth0-login-analytics secrets splunk',
      'npx auth0-login-analytics bind splunk',
      'npx auth0-login-analytics doctor splunk',
      'npx auth0-login-analytics doctor splunk --json',
    ]);
    expect(commands.flatMap((command) => findProblem(command) ?? [])).toEqual([]);
  });

  it('pins the version of the command line', () => {
    expect(env.CLI).toBe(`auth0-login-analytics-cli@${version}`);
  });

  it('gives the tenant and the secrets that Splunk requires, and takes credentials from secrets', () => {
    const names = [
      'AUTH0_DOMAIN',
      'AUTH0_CLIENT_ID',
      'AUTH0_CLIENT_SECRET',
      ...getRequiredSecrets(splunk.secrets),
    ];
    expect(Object.keys(env)).toEqual(['CLI', ...names]);
    for (const name of names)
      expect(env[name]).toMatch(new RegExp(`^\\$\\{\\{ (vars|secrets)\\.${name} \\}\\}$`));
    for (const name of ['AUTH0_CLIENT_SECRET', 'SPLUNK_HEC_TOKEN']) expect(env[name]).toContain('secrets.');
  });

  it('deploys when it changes, and only checks on a schedule', () => {
    expect(Object.keys(on)).toEqual(['workflow_dispatch', 'push', 'schedule']);
    expect(jobs.deploy?.if).toBe("github.event_name != 'schedule'");
    expect(jobs.check?.if).toBe("github.event_name == 'schedule'");
  });
});
