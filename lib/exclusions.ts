/** Logins that the operator excludes: `application=Admin,connection=Test,organization=acme,domain=acme.com,flag=!user.user_metadata.consent`. */
import type { Activity } from './activity.ts';
import type { Format } from './formats.ts';
import type { LoginEvent } from './login-event.ts';
import { getAt, type Path, parsePath } from './properties.ts';

const KINDS = ['application', 'connection', 'organization', 'domain', 'flag'] as const;

export interface Exclusion {
  readonly kind: (typeof KINDS)[number];
  /** An id or name, in lower case; for a `flag` its path. */
  readonly value: string;
  readonly path?: Path;
  /** `flag=!path`: excluded unless the flag is set. */
  readonly negated?: boolean;
}

export const exclusionList: Format<readonly Exclusion[]> = {
  sensitive: false,
  parse(input) {
    const exclusions: Exclusion[] = [];
    for (const item of input.split(',').map((item) => item.trim())) {
      if (item === '') continue;
      const [, kindText = '', text = ''] = /^([a-z]+)\s*=\s*(.+)$/i.exec(item) ?? [];
      const kind = KINDS.find((known) => known === kindText.toLowerCase());
      if (!kind) return { problem: `must be some of ${KINDS.map((known) => `${known}=`).join(',')}` };
      if (kind !== 'flag') {
        exclusions.push({ kind, value: text.toLowerCase().replace(/^@/, '') });
        continue;
      }
      const path = parsePath(text.replace(/^!/, ''));
      if ('problem' in path) return path;
      exclusions.push({ kind, value: text, path: path.value, negated: text.startsWith('!') });
    }
    return { value: exclusions };
  },
};

/** Why a login is excluded, by the kind of the exclusion that applies. */
export const getExclusion = (
  login: Activity,
  event: LoginEvent,
  exclusions: readonly Exclusion[],
): string | undefined => {
  const { application, connection, organization, user } = login;
  const candidates = {
    application: [application.id, application.name],
    connection: [connection.name],
    organization: [organization.id, organization.name],
    domain: [user.email?.slice(user.email.lastIndexOf('@') + 1)],
  };
  const match = exclusions.find(({ kind, value, path, negated = false }) =>
    kind === 'flag'
      ? isSet(path && getAt(event, path)) !== negated
      : candidates[kind].some((candidate) => candidate?.toLowerCase() === value),
  );
  return match && `excluded by EXCLUDE (${match.kind})`;
};

/** A sign-up form can store nothing but strings in `user_metadata`, so a consent that was refused is `"false"` there. */
const isSet = (value: unknown): boolean =>
  typeof value === 'string' ? !/^\s*(false|no|off|0)?\s*$/i.test(value) : Boolean(value);
