import type { ActionState, LoginRow, RunRow, State } from '../state.ts';
import { getAccent } from './accent.ts';
import {
  formatCount,
  formatMs,
  formatTime,
  getFlushed,
  isFailed,
  isSignUp,
  isSkipped,
  KINDS,
  runLabel,
  runMark,
} from './labels.ts';
import type { Selection } from './selection.ts';

/** Where there are more Actions, each has a mark instead of words. */
const ROOMY_COLUMNS = 6;

interface Props {
  state: State;
  selected: Selection | undefined;
  onSelect: (selection: Selection) => void;
}

/** A row for each login: the user, the outcome and time of each Action, and the total time. */
export const Logins = ({ state, selected, onSelect }: Props) => {
  const ran = new Set(state.logins.flatMap(({ runs }) => runs.map(({ name }) => name)));
  const columns = state.actions.filter(({ name, isBound }) => isBound || ran.has(name));
  return (
    <section aria-labelledby="logins">
      <h2 id="logins">
        Logins <span class="count">{state.loginsCount}</span>
      </h2>
      <div class={columns.length > ROOMY_COLUMNS ? 'timeline dense' : 'timeline'}>
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              {columns.map((action) => (
                <Heading key={action.name} state={state} action={action} />
              ))}
              <th scope="col" class="number">
                Total
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
                selected={login.id === selected?.login ? selected : undefined}
                onSelect={onSelect}
              />
            ))}
          </tbody>
        </table>
        {state.logins.length === 0 && (
          <p class="empty">
            No logins yet. Press <b>Sign up</b> to see what each Action sends and what the destinations
            respond.
          </p>
        )}
      </div>
      <p class="legend">
        {columns.length > ROOMY_COLUMNS && 'S SignUp · L Login · – skipped · ! failed. '}
        Bars show how long the login waited for the Action, from 1 ms to the deadline, on a logarithmic scale.
      </p>
    </section>
  );
};

const Heading = ({ state, action: { name, isBound } }: { state: State; action: ActionState }) => (
  <th scope="col" class={`action ${getAccent(state, name)}`} title={isBound ? name : `${name}, not bound`}>
    <span class={isBound ? '' : 'unbound'}>
      <i class="dot" />
      {name}
    </span>
  </th>
);

const Row = ({
  state,
  login,
  columns,
  selected,
  onSelect,
}: {
  state: State;
  login: LoginRow;
  columns: readonly ActionState[];
  selected: Selection | undefined;
  onSelect: (selection: Selection) => void;
}) => (
  <tr class={selected ? 'selected' : ''}>
    <th scope="row">
      <button
        type="button"
        class="login"
        aria-pressed={selected !== undefined}
        onClick={() => onSelect({ login: login.id })}
      >
        <b>
          <span class="visually-hidden">Login {login.id} of </span>
          {login.user}
        </b>
        <small>
          {formatTime(login.at)}
          {login.kind !== 'interactive' && ` · ${KINDS[login.kind]}`}
        </small>
      </button>
    </th>
    {columns.map(({ name }) => (
      <td key={name} class={`action ${getAccent(state, name)}`} data-name={name}>
        <Run
          run={login.runs.find((run) => run.name === name)}
          isSelected={selected?.action === name}
          onSelect={() => onSelect({ login: login.id, action: name })}
        />
      </td>
    ))}
    <td class="number">{login.isDenied ? <b class="bad">denied</b> : formatMs(login.durationMs)}</td>
  </tr>
);

const Run = ({
  run,
  isSelected,
  onSelect,
}: {
  run: RunRow | undefined;
  isSelected: boolean;
  onSelect: () => void;
}) => {
  if (!run) return <span class="skipped">–</span>;
  const flushed = getFlushed(run);
  const share = Math.log(Math.max(run.durationMs, 1)) / Math.log(run.deadlineMs);
  return (
    <button
      type="button"
      class={`run-cell ${isSkipped(run) ? 'skipped' : ''}`}
      aria-pressed={isSelected}
      title={runLabel(run)}
      onClick={onSelect}
    >
      <span class="visually-hidden">{run.name}: </span>
      <span class={`label ${isFailed(run) ? 'bad' : isSignUp(run) ? 'sign-up' : ''}`}>{runLabel(run)}</span>
      <span class={`mark ${isFailed(run) ? 'bad' : isSignUp(run) ? 'sign-up' : ''}`} aria-hidden="true">
        {runMark(run)}
      </span>
      <span class="track">
        <span
          class={isFailed(run) ? 'bar bad' : 'bar'}
          style={{ width: `${Math.min(100, 3 + 97 * share)}%` }}
        />
      </span>
      <small>
        <span class="duration">{formatMs(run.durationMs)}</span>
        {flushed > 0 && <b title={`${formatCount(flushed, 'buffered event')} flushed`}> +{flushed}</b>}
      </small>
    </button>
  );
};
