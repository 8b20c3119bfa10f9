/** A tenant's Management API with a long log, in a process of its own: its entries are made up as they are read. */

import { startManagementApi } from '../simulator/auth0/management-api/management-api.ts';
import { Tenant } from '../simulator/auth0/tenant.ts';
import { type LogEntry, toLogId } from '../simulator/auth0/tenant-log.ts';
import { input, output } from './child.ts';

export interface LogOrder {
  readonly entries: number;
  /** ISO 8601, of the first entry; the others follow by the second. */
  readonly begin: string;
}

export interface LogAddress {
  readonly domain: string;
  readonly caCertificate: string;
  readonly token: string;
}

const { entries, begin } = await input<LogOrder>();
const entry = (index: number): LogEntry => {
  const date = new Date(Date.parse(begin) + index * 1000);
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
const api = await startManagementApi(new Tenant(), { logs: { count: entries, entry } });
const { domain, caCertificate } = api;
output({ domain, caCertificate, token: api.issueToken() } satisfies LogAddress);
