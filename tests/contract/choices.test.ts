/** The recipes in docs/recipes.md: each runs with exactly the secrets that the document shows. */
import { describe, expect, it } from 'vitest';
import type { User } from '../../tools/simulator/auth0/event.ts';
import type { LoginRequest } from '../../tools/simulator/auth0/flow.ts';
import { getCodeBlocks, readDocument } from '../support/markdown.ts';
import { getActivities, openSandbox, type TestSandbox } from '../support/sandbox.ts';

/** Heading → the secrets below it. */
const recipes: ReadonlyMap<string, Record<string, string>> = new Map(
  readDocument('docs/recipes.md')
    .split(/^## /m)
    .flatMap((section) => {
      const [heading = ''] = section.split('\n');
      const [block] = getCodeBlocks(section, 'ini');
      return block === undefined ? [] : [[heading, toSecrets(block)] as const];
    }),
);

function toSecrets(block: string): Record<string, string> {
  return Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** biome-ignore lint/suspicious/noExplicitAny: a payload has the shape that its vendor wants. */
type Payload = any;

interface Recorded {
  readonly sandbox: TestSandbox;
  /** What the mock vendor accepted, in order, with the calls that accompany activities. */
  readonly accepted: readonly Payload[];
  /** The SignUps and Logins alone. */
  readonly activities: readonly Payload[];
}

/** The recipe at one destination, after the given logins of a user. */
const run = async (
  heading: string,
  vendor: string,
  {
    profile = {},
    logins = [{}],
  }: { profile?: Partial<User>; logins?: ReadonlyArray<Partial<LoginRequest>> } = {},
): Promise<Recorded> => {
  const secrets = recipes.get(heading);
  if (!secrets) throw new RangeError(`docs/recipes.md has no secrets below "${heading}"`);
  used.add(heading);
  const sandbox = await openSandbox({ names: [vendor], secrets, profile });
  for (const login of logins) await sandbox.logIn(login);
  const mock = sandbox.getMock(vendor);
  return {
    sandbox,
    accepted: mock.events.map(({ payload }) => payload),
    activities: getActivities(mock).map(({ payload }) => payload),
  };
};

const used = new Set<string>();

const withQuery = (query: Record<string, string>): Partial<LoginRequest> => ({
  request: { query } as NonNullable<LoginRequest['request']>,
});

/** One login after which the vendor has one event, and the same of an excluded user, after which it has none. */
const expectOnly = async (
  heading: string,
  recorded: Partial<User>,
  excluded: Partial<User>,
): Promise<void> => {
  const [yes, no] = await Promise.all([
    run(heading, 'splunk', { profile: recorded }),
    run(heading, 'splunk', { profile: excluded }),
  ]);
  expect([yes.activities.length, no.activities.length]).toEqual([1, 0]);
};

describe('the recipe', () => {
  it('sends the plan of a user, on the event and on the profile', async () => {
    const heading = 'Send the plan of a user';
    const profile = { app_metadata: { plan: 'gold' } };
    const amplitude = await run(heading, 'amplitude', { profile });
    expect(amplitude.activities).toMatchObject([
      { event_properties: { plan: 'gold' }, user_properties: { $set: { plan: 'gold' } } },
    ]);
    const splunk = await run(heading, 'splunk', { profile });
    expect(splunk.activities).toMatchObject([{ event: { plan: 'gold' } }]);
  });

  it('marks the environment', async () => {
    const { activities } = await run('Mark the environment', 'keen');
    expect(activities).toMatchObject([{ env: 'staging' }]);
  });

  it('sends a parameter of the login, and the campaign without any setting', async () => {
    const logins = [withQuery({ 'ext-partner': 'initech', 'ext-utm_source': 'newsletter' })];
    const { activities } = await run('Send a parameter of the login', 'datadog', { logins });
    expect(activities).toMatchObject([{ partner: 'initech', utm_source: 'newsletter' }]);
  });

  it('renames events', async () => {
    const { accepted } = await run('Rename events', 'mixpanel', { logins: [{}, { user: 'auth0|grace' }] });
    expect(accepted.map(({ event }) => event)).toEqual(['Account Created', 'Signed In']);
  });

  it('records sign-ups only', async () => {
    const { sandbox, activities } = await run('Record sign-ups only', 'posthog', { logins: [{}, {}] });
    expect(activities.map(({ event }) => event)).toEqual(['user signed up']);
    expect((await sandbox.logIn()).outcomes).toMatchObject([
      { status: 'skipped', reason: 'EVENTS does not include Login' },
    ]);
  });

  it('leaves out an e-mail domain', async () => {
    await expectOnly('Leave out an e-mail domain', { email: 'ada@example.com' }, { email: 'ada@acme.com' });
  });

  it('leaves out an application or connection', async () => {
    const heading = 'Leave out an application or connection';
    const { sandbox } = await run(heading, 'splunk');
    sandbox.tenant.addApplication({ client_id: 'client_monitor', name: 'Monitor' });
    sandbox.tenant.addConnection({ id: 'con_2', name: 'Test', strategy: 'auth0' });
    await sandbox.logIn({ application: 'client_monitor' });
    await sandbox.logIn({ connection: 'Test' });
    expect(getActivities(sandbox.getMock('splunk'))).toHaveLength(1);
  });

  it('records only users who consented', async () => {
    const heading = 'Record only users who consented';
    await expectOnly(heading, { user_metadata: { analytics_consent: true } }, {});
    await expectOnly(
      heading,
      { user_metadata: { analytics_consent: '2026-01-31' } },
      { user_metadata: { analytics_consent: 'false' } },
    );
  });

  it('leaves out users who objected', async () => {
    await expectOnly('Leave out users who objected', {}, { user_metadata: { no_analytics: true } });
  });

  it("groups users by organization: at Mixpanel by the project's group key, elsewhere by itself", async () => {
    const heading = 'Group users by organization';
    const mixpanel = await run(heading, 'mixpanel');
    expect(mixpanel.activities).toMatchObject([{ properties: { company_id: 'org_acme' } }]);
    const segment = await run(heading, 'segment-http');
    expect(segment.accepted.map(({ type }) => type)).toEqual(['identify', 'group', 'track']);
    expect(segment.accepted[1]).toMatchObject({ groupId: 'org_acme', traits: { name: 'acme' } });
    const amplitude = await run(heading, 'amplitude');
    expect(amplitude.activities).toMatchObject([{ groups: { organization: 'org_acme' } }]);
    const posthog = await run(heading, 'posthog');
    expect(posthog.activities).toMatchObject([{ properties: { $groups: { organization: 'org_acme' } } }]);
    expect(posthog.accepted.map(({ event }) => event)).toEqual(['$groupidentify', 'user signed up']);
  });

  it('does not group users by organization', async () => {
    const heading = 'Do not group users by organization';
    const segment = await run(heading, 'segment-http');
    expect(segment.accepted.map(({ type }) => type)).toEqual(['identify', 'track']);
    expect(JSON.stringify(segment.accepted)).not.toMatch(/groupId|company/);
    const posthog = await run(heading, 'posthog');
    expect(posthog.accepted).toEqual([
      expect.objectContaining({ properties: expect.not.objectContaining({ $groups: expect.anything() }) }),
    ]);
    const amplitude = await run(heading, 'amplitude');
    expect(amplitude.activities[0]).not.toHaveProperty('groups');
    expect(amplitude.activities).toMatchObject([{ event_properties: { organizationId: 'org_acme' } }]);
  });

  it('joins the anonymous visitor', async () => {
    const logins = [withQuery({ 'ext-visitor': '8f2d7c1e' })];
    const { accepted } = await run('Join the anonymous visitor', 'amplitude', { logins });
    expect(accepted).toContainEqual(expect.objectContaining({ user_id: 'auth0|ada', device_id: '8f2d7c1e' }));
  });

  it("uses the application's own user id, with a SignUp that stays the same one", async () => {
    const heading = "Use the application's own user id";
    const withOwn = await run(heading, 'segment', { profile: { app_metadata: { external_id: 'u-17' } } });
    expect(withOwn.activities).toMatchObject([{ userId: 'u-17', properties: { auth0Id: 'auth0|ada' } }]);
    const otlp = await run(heading, 'otlp', { profile: { app_metadata: { external_id: 'u-17' } } });
    expect(JSON.stringify(otlp.activities)).toContain(
      '{"key":"auth0.user.id","value":{"stringValue":"auth0|ada"}}',
    );
    expect(withOwn.sandbox.user.app_metadata).toMatchObject({ signedUp: { segment: true } });
    const without = await run(heading, 'segment');
    expect(without.activities).toMatchObject([{ userId: 'auth0|ada' }]);
    expect(without.activities[0].messageId).toBe(withOwn.activities[0].messageId);
  });

  it('puts several settings into one secret', async () => {
    const profile = { app_metadata: { plan: 'gold' } };
    const { activities, sandbox } = await run('Put several settings into one secret', 'webhook', {
      profile,
      logins: [{}, {}],
    });
    expect(activities).toMatchObject([{ type: 'com.auth0.user.signup', data: { plan: 'gold' } }]);
    sandbox.configure({ EVENTS: 'Login' });
    expect((await sandbox.logIn()).line).toBe(
      '[webhook] Not configured: EVENTS is set twice, as a secret and in CONFIG',
    );
  });
});

describe('docs/recipes.md', () => {
  it('has no recipe that is not run above', () => {
    expect([...recipes.keys()].filter((heading) => !used.has(heading))).toEqual([]);
  });
});
