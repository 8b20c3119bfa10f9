/** A short scene on the stage: people sign up and log in, and each login says what it is to be recorded as. */
import type { AcceptedEvent, Destination, ReceivedRequest } from './destination.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Stage } from './stage.ts';
import type { ActionRun, Flow, LoginRequest, Tenant } from './tenant.ts';

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
  /** Destination → what it took in this login. */
  received: Record<string, string[]>;
}

export interface Report {
  logins: PlayedLogin[];
  destinations: Array<{ name: string; url: string; connections: number; requests: ReceivedRequest[] }>;
  users: Array<{ user_id: string; app_metadata: unknown }>;
  /** What did not arrive, or should not have. */
  problems: string[];
}

const MASK = '***';

const WEB = 'Web shop';
const MOBILE = 'Mobile app';
const MONITOR = 'Monitor';

const ADA = 'auth0|ada';
const GRACE = 'google-oauth2|grace';
const LINUS = 'samlp|acme|linus';
const VETERAN = 'auth0|veteran';
const MIGRATED = 'auth0|migrated';

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
export const play = async ({ tenant, destinations }: Stage): Promise<Report> => {
  populate(tenant);
  const logins: PlayedLogin[] = [];
  for (const { story, login } of STEPS) {
    const before = destinations.map(({ events }) => events.length);
    const flow = await tenant.login(login);
    const received = destinations.map(({ name, events }, index) => [
      name,
      events.slice(before[index]).map(labelOf),
    ]);
    const actions = flow.actions.map((run) => ({ ...run, outcome: outcomeOf(run.logs) }));
    logins.push({ ...flow, story, actions, received: Object.fromEntries(received) });
  }
  return {
    logins,
    destinations: destinations.map((destination) => ({
      name: destination.name,
      url: destination.url,
      connections: destination.connections,
      requests: destination.requests.map((request) => withoutCredentials(request, destination)),
    })),
    users: Array.from(tenant.users.values(), ({ user_id, app_metadata }) => ({ user_id, app_metadata })),
    problems: [...destinations.flatMap(findProblems), ...logins.flatMap(findRefusal)],
  };
};

const populate = (tenant: Tenant): void => {
  tenant.addApplication({ client_id: WEB, name: WEB });
  tenant.addApplication({ client_id: MOBILE, name: MOBILE });
  tenant.addApplication({ client_id: MONITOR, name: MONITOR, metadata: { analytics: 'off' } });
  tenant.addConnection({ id: 'con_database', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addConnection({ id: 'con_google', name: 'google-oauth2', strategy: 'google-oauth2' });
  tenant.addConnection({ id: 'con_acme', name: 'acme', strategy: 'samlp' });
  tenant.addOrganization({ id: 'org_acme', name: 'acme', display_name: 'Acme Corporation' });

  const database = 'Username-Password-Authentication';
  const longAgo = '2019-05-04T10:20:30.000Z';
  tenant.addUser({ user_id: ADA, connection: database, name: 'Ada', email: 'ada@example.com' });
  tenant.addUser({ user_id: GRACE, connection: 'google-oauth2', name: 'Grace', email: 'grace@example.com' });
  tenant.addUser({ user_id: LINUS, connection: 'acme', name: 'Linus', email: 'linus@acme.example' });
  tenant.addUser({ user_id: VETERAN, connection: database, created_at: longAgo, logins_count: 412 });
  // New enough to be taken for a sign-up, were it not for the mark.
  tenant.addUser({
    user_id: MIGRATED,
    connection: database,
    logins_count: 3,
    app_metadata: { signedUp: true },
  });
};

const labelOf = ({ type, duplicate }: AcceptedEvent): string => (duplicate ? `${type} again` : type);

const findProblems = ({ name, records, events }: Destination): string[] => {
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

const withoutCredentials = (request: ReceivedRequest, { secrets }: Destination): ReceivedRequest => {
  const { authorization = '', ...headers } = request.headers;
  const credentials = Object.values(secrets).filter((value) => !/^https?:|^-----/.test(value));
  return {
    ...request,
    headers: { ...headers, authorization: authorization.replace(/\S+$/, MASK) },
    body: credentials.reduce((body, credential) => body.replaceAll(credential, MASK), request.body),
  };
};
