import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Kind } from '../../simulator/auth0/event.ts';
import type { State } from '../state.ts';
import { formatCount, KINDS, submitLabel } from './labels.ts';
import { NO_OWN_CASE, OwnCaseFields, toLoginPart } from './own-case.tsx';
import { change } from './requests.ts';
import type { Selection } from './selection.ts';

const NEW_USER = 'new';
const RANDOM_LOGINS = 100;

const Field = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <div class="field">
    <label for={label.toLowerCase()}>{label}</label>
    {children}
  </div>
);

/** The form that logs a user in. */
export const LogIn = ({ state, onLogin }: { state: State; onLogin: (selection: Selection) => void }) => {
  const { users, applications, connections, organizations, randomLogins } = state;
  const [userId, setUserId] = useState(users[0]?.id ?? NEW_USER);
  const [name, setName] = useState('');
  const [application, setApplication] = useState(applications[0]?.id ?? '');
  const [connection, setConnection] = useState('');
  const [organization, setOrganization] = useState('');
  const [kind, setKind] = useState<Kind>('interactive');
  const [ownCase, setOwnCase] = useState(NO_OWN_CASE);
  const [isBusy, setBusy] = useState(false);

  // After a reset the selected user may no longer exist.
  const user = users.find(({ id }) => id === userId);
  const isNew = user === undefined;

  const addUser = async (): Promise<string | undefined> => {
    const response = await change('POST', '/users', { name, connection: connection || connections[0] });
    const { id } = (await response?.json()) ?? {};
    if (id) setUserId(id);
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
        ...toLoginPart(ownCase),
      });
      if (response && location.hash) onLogin({ login: (await response.json()).id });
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
            value={isNew ? NEW_USER : userId}
            onChange={(event) => setUserId(event.currentTarget.value)}
          >
            {users.map(({ id, name, logins }) => (
              <option key={id} value={id}>
                {name} ({logins === 0 ? 'no logins' : formatCount(logins, 'login')})
              </option>
            ))}
            <option value={NEW_USER}>New user…</option>
          </select>
        </Field>
        {isNew && (
          <Field label="Name">
            <input
              id="name"
              required
              maxLength={60}
              pattern=".*\S.*"
              title="A name of at least one letter"
              value={name}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </Field>
        )}
        <div class="pair">
          <Field label="Application">
            <select
              id="application"
              value={application}
              onChange={(event) => setApplication(event.currentTarget.value)}
            >
              {applications.map(({ id, name, isExcluded }) => (
                <option key={id} value={id}>
                  {name}
                  {isExcluded ? ' (analytics: off)' : ''}
                </option>
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
        </div>
        <Field label="Connection">
          <select
            id="connection"
            value={connection}
            onChange={(event) => setConnection(event.currentTarget.value)}
          >
            <option value="">{isNew ? connections[0] : `${user.connection} (default)`}</option>
            {connections
              .filter((other) => other !== (isNew ? connections[0] : user.connection))
              .map((other) => (
                <option key={other}>{other}</option>
              ))}
          </select>
        </Field>
        <Field label="Kind">
          <select id="kind" value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <OwnCaseFields typed={ownCase} onChange={setOwnCase} />
        <button type="submit" class="primary" disabled={isBusy}>
          {submitLabel(kind, isNew || user.logins === 0)}
        </button>
      </form>
      <div class="random-logins">
        {randomLogins ? (
          <button type="button" onClick={() => change('DELETE', '/random-logins')}>
            Stop
          </button>
        ) : (
          <button type="button" onClick={() => change('POST', '/random-logins', { total: RANDOM_LOGINS })}>
            {RANDOM_LOGINS} random logins
          </button>
        )}
        {randomLogins && (
          <>
            <progress aria-label="Random logins" max={randomLogins.total} value={randomLogins.done} />
            <span>{`${randomLogins.done} of ${randomLogins.total}`}</span>
          </>
        )}
      </div>
    </section>
  );
};
