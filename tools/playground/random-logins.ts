/** Random logins, of the users of the tenant and of new ones. */
import type { Kind } from '../simulator/auth0/event.ts';
import type { LoginRequest } from '../simulator/auth0/flow.ts';
import type { Tenant } from '../simulator/auth0/tenant.ts';

const FIRST_NAMES = [
  'Alan',
  'Barbara',
  'Claude',
  'Dorothy',
  'Edsger',
  'Frances',
  'Grete',
  'Hedy',
  'Ida',
  'John',
];
const LAST_NAMES = [
  'Allen',
  'Hamilton',
  'Hermann',
  'Hopper',
  'Johnson',
  'Lamarr',
  'Liskov',
  'Rhodes',
  'Turing',
];
const LOGINS_PER_NEW_USER = 4;
/** Most logins are interactive. */
const KINDS: readonly Kind[] = ['interactive', 'interactive', 'interactive', 'sso', 'refresh', 'silent'];

/** @param busyUsers are logging in at the moment, and are not chosen. */
export const createRandomLogin = (
  tenant: Tenant,
  busyUsers: ReadonlySet<string>,
  addUser: (name: string, connection: string) => string,
): LoginRequest => {
  const isNew = Math.random() * LOGINS_PER_NEW_USER < 1;
  return {
    user: isNew
      ? addUser(`${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`, pick([...tenant.connections.keys()]))
      : pick([...tenant.users.keys()].filter((user) => !busyUsers.has(user))),
    application: pick([...tenant.applications.keys()]),
    kind: isNew ? 'interactive' : pick(KINDS),
  };
};

const pick = <T>(elements: readonly T[]): T => elements[Math.floor(Math.random() * elements.length)] as T;
