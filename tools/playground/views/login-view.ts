import type { Event } from '@auth0/actions/post-login/v3';
import { diffJson } from 'diff';
import type { Outcome } from '../../../lib/outcome.ts';
import { MASK } from '../../simulator/redact-secrets.ts';
import { toExchangeDetails } from '../exchange-details.ts';
import type { RecordedLogin, RecordedRun } from '../login-history.ts';
import { getDeadlineMs } from '../secrets.ts';
import type { LoginDetails, LoginRow, OutcomeRow, RunDetails, RunRow } from '../state.ts';
import { toActivityDetails } from './activity-view.ts';

/** The names of users and applications, by their ids. */
export interface Names {
  getUserName(userId: string): string;
  getApplicationName(clientId: string): string;
}

export const toLoginRow = (login: RecordedLogin, names: Names): LoginRow => ({
  ...toLogin(login, names),
  runs: login.runs.map(toRunRow),
});

export const toLoginDetails = (login: RecordedLogin, names: Names): LoginDetails => {
  const { errorDescription, appMetadataBefore, appMetadataAfter } = login.flow;
  return {
    ...toLogin(login, names),
    ...(errorDescription !== undefined && { errorDescription }),
    appMetadata: diffJson(Object(appMetadataBefore), Object(appMetadataAfter)),
    runs: login.runs.map(toRunDetails),
  };
};

const toLogin = ({ id, flow, runs }: RecordedLogin, names: Names): Omit<LoginRow, 'runs'> => ({
  id,
  at: flow.startedAt,
  user: names.getUserName(flow.user),
  application: names.getApplicationName(flow.application),
  ...toContext(runs[0]?.event),
  kind: flow.kind,
  isDenied: flow.outcome === 'access_denied',
  durationMs: flow.durationMs,
});

/** Unknown if no Action ran. */
const toContext = (event: Event | undefined): Pick<LoginRow, 'connection' | 'organization'> => {
  const organization = event?.organization?.display_name;
  return {
    ...(event && { connection: event.connection.name }),
    ...(organization !== undefined && { organization }),
  };
};

const toRunRow = ({ run, event }: RecordedRun): RunRow => ({
  name: run.name,
  durationMs: run.durationMs,
  deadlineMs: getDeadlineMs(event.secrets),
  outcomes: run.outcomes.map(toOutcomeRow),
  ...(run.error !== undefined && { error: run.error }),
});

const toOutcomeRow = ({ action: _, activity, ...outcome }: Outcome): OutcomeRow => ({
  ...outcome,
  ...(activity && { type: activity.type }),
});

const toRunDetails = (recorded: RecordedRun): RunDetails => {
  const { run, event, exchanges, credentials } = recorded;
  return {
    ...toRunRow(recorded),
    log: run.logs.trimEnd(),
    activities: run.outcomes.flatMap(toActivityDetails),
    event: JSON.stringify({ ...event, secrets: maskValues(event.secrets) }, null, 2),
    exchanges: exchanges.map((exchange) => toExchangeDetails(exchange, credentials)),
  };
};

const maskValues = (secrets: object): Record<string, string> =>
  Object.fromEntries(Object.keys(secrets).map((name) => [name, MASK]));
