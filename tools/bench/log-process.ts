/** A Management API with a long log, whose entries are generated as they are read. Reports how many it has served. */
import { startManagementApi } from '../simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../simulator/auth0/tenant.ts';
import { type LogEntry, toLogId } from '../simulator/auth0/tenant-log.ts';
import { receiveTask, report } from './child-process.ts';

export interface LogTask {
  readonly entries: number;
  /** How often the progress is reported. */
  readonly parts: number;
  /** Date of the first entry, ISO 8601. Each of the others is a second later. */
  readonly firstDate: string;
}

/** The server, and then the progress. */
export type LogMessage =
  | { readonly domain: string; readonly caCertificate: string; readonly token: string }
  | { readonly served: number };

const { entries, parts, firstDate } = await receiveTask<LogTask>();
let served = 0;

const createEntry = (index: number): LogEntry => {
  const date = new Date(Date.parse(firstDate) + index * 1000);
  return {
    log_id: toLogId(date, index),
    date: date.toISOString(),
    type: 's',
    client_id: 'shop',
    client_name: 'Shop',
    connection: 'Username-Password-Authentication',
    strategy: 'auth0',
    ip: '203.0.113.7',
    user_agent: 'curl/7.64.1',
    user_id: `auth0|${index}`,
    user_name: `user-${index}@example.com`,
    details: { transaction_id: `transaction ${index}` },
  };
};

const api = await startManagementApi(new Tenant(), {
  logs: {
    count: entries,
    entry(index) {
      served += 1;
      if (served % (entries / parts) === 0) report<LogMessage>({ served });
      return createEntry(index);
    },
  },
});
report<LogMessage>({ domain: api.domain, caCertificate: api.caCertificate, token: api.issueToken() });
