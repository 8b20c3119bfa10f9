/** A short scene on the stage: people sign up and log in, and each login says what it is to be recorded as. */
import { loadSinks } from '../shared/catalog.ts';
import type { ActionRun, Flow, LoginRequest } from './auth0/tenant.ts';
import { getOutcome, type Outcome } from './outcomes.ts';
import { ADA, GRACE, LINUS, MIGRATED, MOBILE, MONITOR, populate, VETERAN, WEB } from './personas.ts';
import { credentialsOf, maskHeaders, maskText } from './redact-secrets.ts';
import type { Sandbox } from './sandbox.ts';
import type { AcceptedEvent, ReceivedRequest, VendorMock } from './vendors/vendor-mock.ts';

type RecordedType = 'SignUp' | 'Login';

interface Step {
  story: string;
  login: LoginRequest;
  /** Absent for what must not count. */
  recordedAs?: RecordedType;
}

export interface PlayedLogin extends Omit<Flow, 'actions'> {
  story: string;
  actions: Array<ActionRun & { outcome: Outcome }>;
  /** VendorMock → what it took in this login. */
  received: Record<string, string[]>;
}

export interface Report {
  logins: PlayedLogin[];
  destinations: Array<{ name: string; url: string; connections: number; requests: ReceivedRequest[] }>;
  users: Array<{ user_id: string; app_metadata: unknown }>;
  /** What did not arrive, or should not have. */
  problems: string[];
}

const STEPS: readonly Step[] = [
  { story: 'Ada signs up', login: { user: ADA, application: WEB }, recordedAs: 'SignUp' },
  { story: 'Ada logs in again', login: { user: ADA, application: WEB }, recordedAs: 'Login' },
  { story: 'Grace signs up with Google', login: { user: GRACE, application: MOBILE }, recordedAs: 'SignUp' },
  { story: "Grace's app refreshes its token", login: { user: GRACE, application: MOBILE, kind: 'refresh' } },
  { story: 'Grace is let in silently', login: { user: GRACE, application: WEB, kind: 'silent' } },
  {
    story: 'Linus signs up through his company',
    login: { user: LINUS, application: WEB, organization: 'org_acme', protocol: 'samlp' },
    recordedAs: 'SignUp',
  },
  {
    story: 'Linus uses his session elsewhere',
    login: { user: LINUS, application: MOBILE, kind: 'sso' },
    recordedAs: 'Login',
  },
  { story: 'A user of many years logs in', login: { user: VETERAN, application: WEB }, recordedAs: 'Login' },
  {
    story: 'A user known to the old Rules logs in',
    login: { user: MIGRATED, application: WEB },
    recordedAs: 'Login',
  },
  { story: 'A monitor that opted out logs in', login: { user: VETERAN, application: MONITOR } },
];

/** Plays the scene on a stage whose Actions have `LOG=all`. */
export const play = async ({ tenant, destinations }: Sandbox): Promise<Report> => {
  populate(tenant);
  const sinks = await loadSinks();
  const logins: PlayedLogin[] = [];
  for (const { story, login } of STEPS) {
    const before = destinations.map(({ events }) => events.length);
    const flow = await tenant.login(login);
    const received = destinations.map(({ name, events }, index) => [
      name,
      events.slice(before[index]).map(labelOf),
    ]);
    const actions = flow.actions.map((run) => ({ ...run, outcome: getOutcome(run.logs) }));
    logins.push({ ...flow, story, actions, received: Object.fromEntries(received) });
  }
  return {
    logins,
    destinations: destinations.map((destination) => ({
      name: destination.name,
      url: destination.url,
      connections: destination.connections,
      requests: destination.requests.map((request) =>
        withoutCredentials(request, credentialsOf(sinks, destination.secrets)),
      ),
    })),
    users: Array.from(tenant.users.values(), ({ user_id, app_metadata }) => ({ user_id, app_metadata })),
    problems: [...destinations.flatMap(findProblems), ...logins.flatMap(findRefusal)],
  };
};

const labelOf = ({ type, duplicate }: AcceptedEvent): string => (duplicate ? `${type} again` : type);

const findProblems = ({ name, records, events }: VendorMock): string[] => {
  const expected = STEPS.flatMap(({ recordedAs, login }) =>
    recordedAs && records.includes(recordedAs) ? [`${recordedAs} of ${login.user}`] : [],
  );
  const arrived = events
    .filter(({ type }) => type !== 'other')
    .map(({ type, userId }) => `${type} of ${userId}`);
  return [
    ...subtract(expected, arrived).map((what) => `${name} did not get the ${what}`),
    ...subtract(arrived, expected).map((what) => `${name} got a ${what} too many`),
  ];
};

const findRefusal = ({ story, outcome, errorDescription }: PlayedLogin): string[] =>
  outcome === 'completed' ? [] : [`${story}: ${outcome}, ${errorDescription}`];

/** The elements of a multiset that another does not have. */
const subtract = (elements: readonly string[], others: readonly string[]): string[] => {
  const left = [...others];
  return elements.filter((element) => {
    const index = left.indexOf(element);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
};

const withoutCredentials = (request: ReceivedRequest, credentials: readonly string[]): ReceivedRequest => ({
  ...request,
  path: maskText(request.path, credentials),
  headers: maskHeaders(request.headers),
  body: maskText(request.body, credentials),
});
