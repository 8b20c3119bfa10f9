/** A short scenario: personas sign up and log in, and each step states what must be recorded. */
import { loadSinks } from '../shared/catalog.ts';
import type { Flow, LoginRequest } from './auth0/flow.ts';
import { ADA, addPersonas, GRACE, LINUS, MIGRATED, MOBILE, MONITOR, VETERAN, WEB } from './personas.ts';
import { getCredentials, maskHeaders, maskText } from './redact-secrets.ts';
import type { Sandbox } from './sandbox.ts';
import type { AcceptedEvent, ReceivedRequest, VendorMock } from './vendors/vendor-mock.ts';

type RecordedType = VendorMock['recordedTypes'][number];

interface Step {
  description: string;
  login: LoginRequest;
  /** Absent for what must not be recorded. */
  recordedAs?: RecordedType;
}

export interface ScenarioLogin extends Flow {
  description: string;
  /** Destination → the events that it accepted in this login. */
  received: Record<string, string[]>;
}

export interface ScenarioReport {
  logins: ScenarioLogin[];
  destinations: Array<{ name: string; url: string; connections: number; requests: ReceivedRequest[] }>;
  users: Array<{ user_id: string; app_metadata: unknown }>;
  /** Events that are missing or unexpected, and logins that failed. */
  problems: string[];
}

const STEPS: readonly Step[] = [
  { description: 'Ada signs up', login: { user: ADA, application: WEB }, recordedAs: 'SignUp' },
  { description: 'Ada logs in again', login: { user: ADA, application: WEB }, recordedAs: 'Login' },
  {
    description: 'Grace signs up with Google',
    login: { user: GRACE, application: MOBILE },
    recordedAs: 'SignUp',
  },
  {
    description: "Grace's app refreshes its token",
    login: { user: GRACE, application: MOBILE, kind: 'refresh' },
  },
  {
    description: 'Grace is authenticated silently',
    login: { user: GRACE, application: WEB, kind: 'silent' },
  },
  {
    description: 'Linus signs up through his company',
    login: { user: LINUS, application: WEB, organization: 'org_acme', protocol: 'samlp' },
    recordedAs: 'SignUp',
  },
  {
    description: 'Linus reuses his session in another application',
    login: { user: LINUS, application: MOBILE, kind: 'sso' },
    recordedAs: 'Login',
  },
  {
    description: 'A long-time user logs in',
    login: { user: VETERAN, application: WEB },
    recordedAs: 'Login',
  },
  {
    description: 'A user whom the old Rules recorded logs in',
    login: { user: MIGRATED, application: WEB },
    recordedAs: 'Login',
  },
  {
    description: 'A user logs in to an application that opted out',
    login: { user: VETERAN, application: MONITOR },
  },
];

export const runScenario = async ({ tenant, mocks }: Sandbox): Promise<ScenarioReport> => {
  addPersonas(tenant);
  const sinks = await loadSinks();
  const logins: ScenarioLogin[] = [];
  for (const { description, login } of STEPS) {
    const counts = mocks.map(({ events }) => events.length);
    const flow = await tenant.login(login);
    const received = mocks.map(({ name, events }, index) => [name, events.slice(counts[index]).map(toLabel)]);
    logins.push({ ...flow, description, received: Object.fromEntries(received) });
  }
  return {
    logins,
    destinations: mocks.map(({ name, url, connections, requests, secrets }) => ({
      name,
      url,
      connections,
      requests: requests.map((request) => redactRequest(request, getCredentials(sinks, secrets))),
    })),
    users: Array.from(tenant.users.values(), ({ user_id, app_metadata }) => ({ user_id, app_metadata })),
    problems: [...mocks.flatMap(findProblems), ...logins.flatMap(findDenial)],
  };
};

const toLabel = ({ type, duplicate }: AcceptedEvent): string => (duplicate ? `${type} (duplicate)` : type);

const findProblems = ({ name, recordedTypes, events }: VendorMock): string[] => {
  const expected = STEPS.flatMap(({ recordedAs, login }) =>
    recordedAs && recordedTypes.includes(recordedAs) ? [`${recordedAs} of ${login.user}`] : [],
  );
  const received = events
    .filter(({ type }) => type !== 'other')
    .map(({ type, userId }) => `${type} of ${userId}`);
  return [
    ...subtract(expected, received).map((event) => `${name} did not receive the ${event}`),
    ...subtract(received, expected).map((event) => `${name} received an unexpected ${event}`),
  ];
};

const findDenial = ({ description, outcome, errorDescription }: ScenarioLogin): string[] =>
  outcome === 'completed' ? [] : [`${description}: ${outcome}, ${errorDescription}`];

/** The difference of two multisets. */
const subtract = (elements: readonly string[], others: readonly string[]): string[] => {
  const remaining = [...others];
  return elements.filter((element) => {
    const index = remaining.indexOf(element);
    if (index >= 0) remaining.splice(index, 1);
    return index < 0;
  });
};

const redactRequest = (request: ReceivedRequest, credentials: readonly string[]): ReceivedRequest => ({
  ...request,
  path: maskText(request.path, credentials),
  headers: maskHeaders(request.headers),
  body: maskText(request.body, credentials),
});
