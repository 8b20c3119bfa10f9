/** The users, applications and connections of the scenario and of the playground. */
import type { Tenant } from './auth0/tenant.ts';

export const WEB = 'Web shop';
export const MOBILE = 'Mobile app';
export const MONITOR = 'Monitor';

export const ADA = 'auth0|ada';
export const GRACE = 'google-oauth2|grace';
export const LINUS = 'samlp|acme|linus';
export const VETERAN = 'auth0|veteran';
export const MIGRATED = 'auth0|migrated';

export const addPersonas = (tenant: Tenant): void => {
  tenant.addApplication({ client_id: WEB, name: WEB });
  tenant.addApplication({ client_id: MOBILE, name: MOBILE });
  tenant.addApplication({ client_id: MONITOR, name: MONITOR, metadata: { analytics: 'off' } });
  tenant.addConnection({ id: 'con_database', name: 'Username-Password-Authentication', strategy: 'auth0' });
  tenant.addConnection({ id: 'con_google', name: 'google-oauth2', strategy: 'google-oauth2' });
  tenant.addConnection({ id: 'con_acme', name: 'acme', strategy: 'samlp' });
  tenant.addOrganization({ id: 'org_acme', name: 'acme', display_name: 'Acme Corporation' });

  const database = 'Username-Password-Authentication';
  const longAgo = '2019-05-04T10:20:30.000Z';
  tenant.addUser({
    user_id: ADA,
    connection: database,
    name: 'Ada',
    given_name: 'Ada',
    family_name: 'Lovelace',
    nickname: 'ada',
    username: 'ada',
    email: 'ada@example.com',
    phone_number: '+15550100',
    picture: 'https://example.com/ada.png',
  });
  tenant.addUser({
    user_id: GRACE,
    connection: 'google-oauth2',
    name: 'Grace',
    given_name: 'Grace',
    family_name: 'Hopper',
    nickname: 'grace',
    email: 'grace@example.com',
    picture: 'https://example.com/grace.png',
  });
  tenant.addUser({
    user_id: LINUS,
    connection: 'acme',
    name: 'Linus',
    given_name: 'Linus',
    family_name: 'Pauling',
    nickname: 'linus',
    email: 'linus@acme.example',
  });
  tenant.addUser({
    user_id: VETERAN,
    connection: database,
    name: 'Vera, a user since 2019',
    given_name: 'Vera',
    family_name: 'Rubin',
    nickname: 'vera',
    username: 'vera',
    email: 'vera@example.com',
    multifactor: ['guardian'],
    app_metadata: { plan: 'enterprise' },
    created_at: longAgo,
    logins_count: 412,
  });
  // So new that without the flag this would be a SignUp.
  tenant.addUser({
    user_id: MIGRATED,
    connection: database,
    name: 'Miguel, known to a Rule',
    given_name: 'Miguel',
    family_name: 'Alcubierre',
    nickname: 'miguel',
    email: 'miguel@example.com',
    logins_count: 3,
    app_metadata: { signedUp: true },
  });
};
