import type { ActionState, LoginRow, RunRow, State } from '../state.ts';
import { accentOf } from './accent.ts';
import { clock, isBad, KINDS, milliseconds, verdict } from './labels.ts';

interface Props {
  state: State;
  selected: number | undefined;
  onSelect: (id: number) => void;
}

/** One row for each login: the user, what each Action did and how long it took, and the end. */
export const Logins = ({ state, selected, onSelect }: Props) => {
  const ran = new Set(state.logins.flatMap(({ actions }) => actions.map(({ name }) => name)));
  const columns = state.actions.filter(({ name, isBound }) => isBound || ran.has(name));
  return (
    <section aria-labelledby="logins">
      <h2 id="logins">
        Logins <span class="count">{state.loginsCount}</span>
      </h2>
      <div class="timeline">
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              {columns.map((action) => (
                <Heading key={action.name} state={state} action={action} />
              ))}
              <th scope="col" class="number">
                In all
              </th>
            </tr>
          </thead>
          <tbody>
            {state.logins.map((login) => (
              <Row
                key={login.id}
                state={state}
                login={login}
                columns={columns}
                isSelected={login.id === selected}
                onSelect={onSelect}
              />
            ))}
          </tbody>
        </table>
        {state.logins.length === 0 && (
          <p class="empty">
            Nobody has logged in yet. Press <b>Sign up</b>, and see what each Action sends, and what came of
            it.
          </p>
        )}
      </div>
      <p class="legend">
        Bars: how long the login waited for the Action, from 1 ms to its deadline on a logarithmic scale.
      </p>
    </section>
  );
};

const Heading = ({ state, action: { name, isBound } }: { state: State; action: ActionState }) => (
  <th scope="col" class={`action ${accentOf(state, name)}`} title={isBound ? name : `${name}, not bound`}>
    <span class={isBound ? '' : 'unbound'}>{name}</span>
  </th>
);

const Row = ({
  state,
  login,
  columns,
  isSelected,
  onSelect,
}: {
  state: State;
  login: LoginRow;
  columns: readonly ActionState[];
  isSelected: boolean;
  onSelect: (id: number) => void;
}) => (
  // The button does the same for who has no pointer.
  <tr class={isSelected ? 'selected' : ''} onClick={() => onSelect(login.id)}>
    <th scope="row">
      <button type="button" class="who" aria-pressed={isSelected}>
        <b>
          <span class="unseen">Login {login.id} of </span>
          {login.user}
        </b>
        <small>
          {clock(login.at)} · {KINDS[login.kind]}
        </small>
      </button>
    </th>
    {columns.map(({ name }) => (
      <td key={name} class={`action ${accentOf(state, name)}`} data-name={name}>
        <Run run={login.actions.find((run) => run.name === name)} />
      </td>
    ))}
    <td class="number">{login.isDenied ? <b class="bad">refused</b> : milliseconds(login.durationMs)}</td>
  </tr>
);

const Run = ({ run }: { run: RunRow | undefined }) => {
  if (!run) return <span class="skipped">–</span>;
  const share = Math.log(Math.max(run.durationMs, 1)) / Math.log(run.deadlineMs);
  return (
    <div class={`run-cell ${run.outcome === 'skipped' ? 'skipped' : ''}`}>
      <span class={isBad(run) ? 'bad' : run.type === 'SignUp' ? 'sign-up' : ''}>{verdict(run)}</span>
      <span class="track">
        <span class={isBad(run) ? 'bar bad' : 'bar'} style={{ width: `${Math.min(100, 3 + 97 * share)}%` }} />
      </span>
      <small>
        {milliseconds(run.durationMs)}
        {run.along > 0 && <b title={`${run.along} kept ones went along`}> +{run.along}</b>}
      </small>
    </div>
  );
};
