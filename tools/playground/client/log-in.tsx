import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Kind } from '../../simulator/auth0/event.ts';
import type { State } from '../state.ts';
import { KINDS } from './labels.ts';
import { change } from './requests.ts';

const NEW_USER = 'new';
const MANY = 100;

const Field = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <div class="field">
    <label for={label.toLowerCase()}>{label}</label>
    {children}
  </div>
);

/** Who logs in, where and how. */
export const LogIn = ({ state, onLogin }: { state: State; onLogin: (id: number | undefined) => void }) => {
  const { users, applications, connections, organizations, run } = state;
  const [chosen, choose] = useState(users[0]?.id ?? NEW_USER);
  const [name, setName] = useState('');
  const [application, setApplication] = useState(applications[0]?.id ?? '');
  const [connection, setConnection] = useState('');
  const [organization, setOrganization] = useState('');
  const [kind, setKind] = useState<Kind>('interactive');
  const [isBusy, setBusy] = useState(false);

  // Somebody who is gone since everything started afresh.
  const user = users.find(({ id }) => id === chosen);
  const isNew = user === undefined;

  const addUser = async (): Promise<string | undefined> => {
    const response = await change('POST', '/users', { name, connection: connection || connections[0] });
    const { id } = (await response?.json()) ?? {};
    if (id) choose(id);
    return id;
  };

  const logIn = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const id = isNew ? await addUser() : user.id;
    if (id !== undefined) {
      const response = await change('POST', '/logins', {
        user: id,
        application,
        kind,
        ...(connection && { connection }),
        ...(organization && { organization }),
      });
      if (response && location.hash) onLogin((await response.json()).id);
      setName('');
    }
    setBusy(false);
  };

  return (
    <section aria-labelledby="log-in">
      <h2 id="log-in">Log in</h2>
      <form onSubmit={logIn}>
        <Field label="User">
          <select
            id="user"
            value={isNew ? NEW_USER : chosen}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {users.map(({ id, name, logins }) => (
              <option key={id} value={id}>
                {name} ({logins === 0 ? 'never logged in' : `${logins} login${logins === 1 ? '' : 's'}`})
              </option>
            ))}
            <option value={NEW_USER}>Somebody new…</option>
          </select>
        </Field>
        {isNew && (
          <Field label="Name">
            <input
              id="name"
              required
              maxLength={60}
              value={name}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </Field>
        )}
        <Field label="Application">
          <select
            id="application"
            value={application}
            onChange={(event) => setApplication(event.currentTarget.value)}
          >
            {applications.map(({ id, name, isLeftOut }) => (
              <option key={id} value={id}>
                {name}
                {isLeftOut ? ' (analytics: off)' : ''}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Connection">
          <select
            id="connection"
            value={connection}
            onChange={(event) => setConnection(event.currentTarget.value)}
          >
            <option value="">{isNew ? connections[0] : `${user.connection} (the user's)`}</option>
            {connections
              .filter((other) => other !== (isNew ? connections[0] : user.connection))
              .map((other) => (
                <option key={other}>{other}</option>
              ))}
          </select>
        </Field>
        <Field label="Organization">
          <select
            id="organization"
            value={organization}
            onChange={(event) => setOrganization(event.currentTarget.value)}
          >
            <option value="">None</option>
            {organizations.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Protocol">
          <select id="protocol" value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <button type="submit" class="primary" disabled={isBusy}>
          {isNew || user.logins === 0 ? 'Sign up' : 'Log in'}
        </button>
      </form>
      <div class="run">
        {run ? (
          <button type="button" onClick={() => change('DELETE', '/run')}>
            Stop
          </button>
        ) : (
          <button type="button" onClick={() => change('POST', '/run', { logins: MANY })}>
            {MANY} logins
          </button>
        )}
        <progress aria-label={`${MANY} logins`} max={run?.total ?? MANY} value={run?.done ?? 0} />
        <span>{run ? `${run.done} of ${run.total}` : ''}</span>
      </div>
    </section>
  );
};
