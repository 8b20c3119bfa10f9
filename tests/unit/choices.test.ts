import { isDeepStrictEqual } from 'node:util';
import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { type Activity, toLogin } from '../../lib/activity.ts';
import { applyChoices, type PropertyFunctions } from '../../lib/choices.ts';
import { createAction } from '../../lib/create-action.ts';
import { ConfigError, RejectedError } from '../../lib/errors.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { defineSink } from '../../lib/sink.ts';
import { exampleSecrets } from '../../tools/scripts/generate/example.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { login } from '../support/events.ts';

const NO_SINK = { secrets: {} };

const EVENT: Event = login({
  user: {
    ...login().user,
    app_metadata: { plan: 'gold', external_id: 'u-17', seats: 3 },
    user_metadata: { teams: ['red', 'blue'] },
  },
});

const choose = (
  secrets: Record<string, string> = {},
  functions: PropertyFunctions = {},
  event: Event = EVENT,
): Activity & { readonly errors: readonly string[] } => {
  const errors: string[] = [];
  const settings = parseSecrets(NO_SINK, secrets);
  const activity = applyChoices(toLogin(event, new Date()), event, settings, functions, (error) => {
    errors.push(error);
  });
  return { ...activity, errors };
};

const getProblems = (secrets: Record<string, string>): object => {
  try {
    parseSecrets(NO_SINK, secrets);
    return {};
  } catch (error) {
    return error instanceof ConfigError ? Object.fromEntries(error.problems) : Promise.reject(error);
  }
};

describe('PROPERTIES and USER_PROPERTIES', () => {
  it('add nothing by default', () => {
    const { properties, user } = choose();
    expect([properties, user.properties]).toEqual([{}, {}]);
  });

  it('go to the event and to the user', () => {
    const { properties, user } = choose({
      PROPERTIES: "plan=user.app_metadata.plan,env='prod',missing=user.app_metadata.missing",
      USER_PROPERTIES: 'seats=user.app_metadata.seats,teams=user.user_metadata.teams',
    });
    expect(properties).toEqual({ plan: 'gold', env: 'prod' });
    expect(user.properties).toEqual({ seats: 3, teams: ['red', 'blue'] });
  });

  it.each(['PROPERTIES', 'USER_PROPERTIES'])('cannot have a fixed name: %s', (name) => {
    expect(getProblems({ [name]: 'email=user.user_metadata.contact' })).toEqual({
      [name]: 'cannot redefine email',
    });
    expect(getProblems({ [name]: "utm_source='here'" })).toEqual({});
  });
});

describe('properties and userProperties in code', () => {
  it('are called with the event, and override what is declared', () => {
    const { properties, user } = choose(
      { PROPERTIES: "plan=user.app_metadata.plan,env='prod'" },
      {
        properties: ({ user }: Event) => ({
          plan: user.app_metadata.plan.toUpperCase(),
          seats: user.app_metadata.seats,
        }),
        userProperties: () => ({ teams: ['red'] }),
      },
    );
    expect(properties).toEqual({ plan: 'GOLD', env: 'prod', seats: 3 });
    expect(user.properties).toEqual({ teams: ['red'] });
  });

  it('are checked and bounded like those that are declared', () => {
    const { properties } = choose({}, { properties: () => ({ nested: {}, $set: 1, text: 'x'.repeat(600) }) });
    expect(properties).toEqual({ text: 'x'.repeat(512) });
  });

  it.each([undefined, null, 'text', 7])('can return %j, which adds nothing', (returned) => {
    const { properties, errors } = choose(
      {},
      { properties: () => returned as unknown as Record<string, unknown> },
    );
    expect([properties, errors]).toEqual([{}, []]);
  });

  it('do not cost the event where one throws', () => {
    const { properties, user, errors } = choose(
      { PROPERTIES: "env='prod'" },
      {
        properties: ({ user }: Event) => ({ plan: user.app_metadata.subscription.plan }),
        userProperties: () => ({ teams: ['red'] }),
      },
    );
    expect([properties, user.properties]).toEqual([{ env: 'prod' }, { teams: ['red'] }]);
    expect(errors).toEqual(['properties() threw TypeError']);
  });

  it('do not cost the event where reading what one returned throws', () => {
    const returned = Object.defineProperty({}, 'plan', {
      enumerable: true,
      get: () => {
        throw new RangeError('ada@example.com');
      },
    });
    expect(choose({}, { properties: () => returned }).errors).toEqual(['properties() threw RangeError']);
  });

  it('have to be synchronous: a promise is reported, and its rejection harms nobody', async () => {
    const rejecting = async (): Promise<never> => Promise.reject(new Error('no luck'));
    const { properties, errors } = choose(
      {},
      { properties: rejecting as unknown as () => Record<string, unknown> },
    );
    expect([properties, errors]).toEqual([{}, ['properties() returned a promise']]);
    // An unhandled rejection would end the process, and fail this test.
    await new Promise(setImmediate);
  });

  it('cannot have a fixed name either', () => {
    const { properties, errors } = choose(
      {},
      { properties: () => ({ email: 'eve@example.com', plan: 'gold' }) },
    );
    expect([properties, errors]).toEqual([{ plan: 'gold' }, ['properties() cannot redefine email']]);
  });
});

describe('the value of a property', () => {
  it("is masked where a vendor's message repeats it", async () => {
    const lines: string[] = [];
    const acme = defineSink({
      name: 'acme',
      title: 'Acme',
      docs: [],
      secrets: {},
      toPayload: () => ({}),
      send: () =>
        Promise.reject(new RejectedError('400', { status: 400, vendorMessage: 'no plan gold or team red' })),
    });
    const secrets = {
      PROPERTIES: 'plan=user.app_metadata.plan',
      USER_PROPERTIES: 'teams=user.user_metadata.teams',
    };
    const record = createAction(acme, { console: { log: (line) => lines.push(line) } });
    await record({ ...EVENT, secrets }, createApi(EVENT).api);
    expect(lines).toEqual(["[acme] Login failed: 400 no plan *** or team ***; check the Action's secrets"]);
  });
});

describe('the name of a property', async () => {
  const sinks = await loadSinks();
  const query = { 'ext-anonymous_id': 'a', 'ext-session_id': 's', 'ext-referrer': 'r' };
  const full = choose({}, {}, login({ request: { ...EVENT.request, query } }));
  const bare = choose({}, {}, { user: { user_id: 'auth0|bare' } } as Event);
  const PROBE = 'probe-of-a-property';

  const getNames = (payload: unknown): string[] =>
    typeof payload === 'object' && payload !== null
      ? Object.entries(payload).flatMap(([name, value]) => [name, ...getNames(value)])
      : [];

  it.each(sinks)('is rejected if $name does not send a property of that name', (sink) => {
    const secrets = parseSecrets(sink, exampleSecrets(sink));
    const send = (activity: Activity) => JSON.stringify(sink.toPayload(activity, secrets, new Date()));
    const withProperty = (activity: Activity, name: string) => [
      send({ ...activity, properties: { [name]: PROBE } }),
      send({ ...activity, user: { ...activity.user, properties: { [name]: PROBE } } }),
    ];
    const sendsBoth = (name: string) => {
      const expected = withProperty(full, 'probe').map((payload) => payload.includes(PROBE));
      const isSent = (activity: Activity) =>
        withProperty(activity, name).map((payload) => payload.includes(PROBE));
      return [full, bare].every((activity) => isDeepStrictEqual(isSent(activity), expected));
    };
    const names = [...new Set(getNames(sink.toPayload(full, secrets, new Date())))];
    const allowed = names.filter((name) => isDeepStrictEqual(getProblems({ PROPERTIES: `${name}='x'` }), {}));
    expect(allowed.filter((name) => !sendsBoth(name))).toEqual([]);
  });
});

describe('USER_ID', () => {
  const USER_ID = 'user.app_metadata.external_id';
  const withId = (external_id: unknown): Event =>
    login({ user: { ...login().user, app_metadata: { external_id } } });

  it("is Auth0's by default", () => {
    const { user } = choose();
    expect([user.id, user.auth0Id]).toEqual([EVENT.user.user_id, EVENT.user.user_id]);
  });

  it("is the value at its path, next to Auth0's", () => {
    const { user } = choose({ USER_ID });
    expect([user.id, user.auth0Id]).toEqual(['u-17', EVENT.user.user_id]);
  });

  it('can be a number', () => {
    expect(choose({ USER_ID }, {}, withId(4711)).user.id).toBe('4711');
  });

  it.each([undefined, null, '', '  ', 1.5, Number.NaN, {}, ['u-17'], true])(
    "is Auth0's for the value %j",
    (value) => {
      expect(choose({ USER_ID }, {}, withId(value)).user.id).toBe(EVENT.user.user_id);
    },
  );

  it('needs a path', () => {
    expect(getProblems({ USER_ID: 'external_id' })).toEqual({
      USER_ID: 'needs a path like user.app_metadata.plan',
    });
  });
});

describe('GROUPS', () => {
  it('is the organization by default, under the name that people see', () => {
    expect(choose().group).toEqual({ id: 'org_juG7cAQ0CymOcVpV', name: 'My Organization' });
  });

  it('names an organization without a display name by its name', () => {
    const organization = { id: 'org_1', name: 'initech' } as NonNullable<Event['organization']>;
    expect(choose({}, {}, login({ organization })).group).toEqual({ id: 'org_1', name: 'initech' });
  });

  it('is nothing for a login without an organization, and with off', () => {
    const { organization: _, ...alone } = EVENT;
    expect(choose({}, {}, alone).group).toBeUndefined();
    expect(choose({ GROUPS: 'off' }).group).toBeUndefined();
    expect(choose({ GROUPS: 'off' }).organization.id).toBe('org_juG7cAQ0CymOcVpV');
  });
});

describe('ANONYMOUS_ID', () => {
  it('is a path to the id of the visitor', () => {
    const event = login({ request: { ...EVENT.request, query: { 'ext-visitor': 'v-17' } } });
    expect(choose({}, {}, event).visitor.anonymousId).toBeUndefined();
    expect(choose({ ANONYMOUS_ID: 'request.query.ext-visitor' }, {}, event).visitor.anonymousId).toBe('v-17');
  });
});
