import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Kind } from '../../simulator/auth0/event.ts';
import type { State } from '../state.ts';
import { Copy } from './copy.tsx';
import type { Form } from './form.ts';
import { formatCount, KINDS, submitLabel } from './labels.ts';
import { OwnCaseFields, toLoginPart } from './own-case.tsx';
import { change } from './requests.ts';
import type { Selection } from './selection.ts';
import { useForm } from './use-form.ts';

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
  const { users, connections, organizations } = state;
  const [form, set] = useForm();
  const [isBusy, setBusy] = useState(false);
  const { user, isNew, application, kind } = readSelected(form, state);
  const { name, connection, organization } = form;

  const addUser = async (): Promise<string | undefined> => {
    const response = await change('POST', '/users', { name, connection: connection || connections[0] });
    const { id } = (await response?.json()) ?? {};
    if (id) set({ user: id });
    return id;
  };

  const logIn = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const id = user ? user.id : await addUser();
    if (id !== undefined) {
      const response = await change('POST', '/logins', {
        user: id,
        application,
        kind,
        ...(connection && { connection }),
        ...(organization && { organization }),
        ...toLoginPart(form),
      });
      if (response && location.hash) onLogin({ login: (await response.json()).id });
      set({ name: '' });
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
            value={user?.id ?? NEW_USER}
            onChange={(event) => set({ user: event.currentTarget.value })}
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
              onInput={(event) => set({ name: event.currentTarget.value })}
            />
          </Field>
        )}
        <div class="pair">
          <Field label="Application">
            <select
              id="application"
              value={application}
              onChange={(event) => set({ application: event.currentTarget.value })}
            >
              {state.applications.map(({ id, name, isExcluded }) => (
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
              onChange={(event) => set({ organization: event.currentTarget.value })}
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
            onChange={(event) => set({ connection: event.currentTarget.value })}
          >
            <option value="">{user ? `${user.connection} (default)` : connections[0]}</option>
            {connections
              .filter((other) => other !== (user ? user.connection : connections[0]))
              .map((other) => (
                <option key={other}>{other}</option>
              ))}
          </select>
        </Field>
        <Field label="Kind">
          <select id="kind" value={kind} onChange={(event) => set({ kind: event.currentTarget.value })}>
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <OwnCaseFields form={form} onChange={set} />
        <button type="submit" class="primary" disabled={isBusy}>
          {submitLabel(kind, isNew || user?.logins === 0)}
        </button>
      </form>
      <RandomLogins progress={state.randomLogins} />
    </section>
  );
};

/** What the form selects: a value that no longer exists, after a reset or in the URL, is the default. */
const readSelected = (form: Form, { users, applications }: State) => {
  const user = users.find(({ id }) => id === form.user) ?? (form.user === NEW_USER ? undefined : users[0]);
  const application = applications.find(({ id }) => id === form.application) ?? applications[0];
  return {
    user,
    isNew: user === undefined,
    application: application?.id ?? '',
    kind: (form.kind in KINDS ? form.kind : 'interactive') as Kind,
  };
};

const RandomLogins = ({ progress }: { progress: State['randomLogins'] }) => (
  <div class="random-logins">
    {progress ? (
      <>
        <button type="button" onClick={() => change('DELETE', '/random-logins')}>
          Stop
        </button>
        <progress aria-label="Random logins" max={progress.total} value={progress.done} />
        <span>{`${progress.done} of ${progress.total}`}</span>
      </>
    ) : (
      <>
        <button type="button" onClick={() => change('POST', '/random-logins', { total: RANDOM_LOGINS })}>
          {RANDOM_LOGINS} random logins
        </button>
        <Copy label="Copy link" getText={() => `${location.origin}${location.pathname}${location.search}`} />
      </>
    )}
  </div>
);
