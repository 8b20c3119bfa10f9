import { useState } from 'preact/hooks';
import type { ActionState, LoginRow, RunRow, State } from '../state.ts';
import { getAccent } from './accent.ts';
import {
  describeLogin,
  failureDetail,
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

/** Where there are more columns, each has a mark instead of words. */
const ROOMY_COLUMNS = 6;

/** One destination of one Action. */
interface Column {
  readonly action: ActionState;
  readonly destination: string;
  readonly label: string;
}

interface Props {
  state: State;
  selected: Selection | undefined;
  onSelect: (selection: Selection) => void;
}

/** A row for each login: the user, the outcome and time at each destination, and the total time. */
export const Logins = ({ state, selected, onSelect }: Props) => {
  const [filter, setFilter] = useState('');
  const columns = getColumns(state);
  const shown = state.logins.filter((login) => matches(login, filter));
  const isDense = columns.length > ROOMY_COLUMNS;
  return (
    <section aria-labelledby="logins">
      <div class="section-head">
        <h2 id="logins">
          Logins <span class="count">{state.loginsCount}</span>
        </h2>
        <input
          type="search"
          aria-label="Filter logins"
          placeholder="Filter: Ada, SignUp, 500"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <a href="/logins" download="logins.json">
          Export
        </a>
      </div>
      <div class={isDense ? 'timeline dense' : 'timeline'}>
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              {columns.map((column) => (
                <Heading key={column.label} state={state} column={column} />
              ))}
              <th scope="col" class="number">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((login) => (
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
        {shown.length === 0 && (
          <p class="empty">
            {state.logins.length > 0 ? (
              'No login matches.'
            ) : (
              <>
                No logins yet. Press <b>Sign up</b> to see what each Action sends and what the destinations
                respond.
              </>
            )}
          </p>
        )}
      </div>
      <p class="legend">
        {isDense && 'S SignUp · L Login · – skipped · ! failed. '}
        Bars show how long the login waited, from 1 ms to the deadline, on a logarithmic scale.
      </p>
    </section>
  );
};

/** The destinations of the bound Actions, and of those that have run. */
const getColumns = ({ actions, logins }: State): readonly Column[] => {
  const pairs = actions.flatMap((action) => {
    const ran = logins.flatMap(({ runs }) => runs.filter(({ name }) => name === action.name));
    if (!action.isBound && ran.length === 0) return [];
    if (!action.isCombined) return { action, destination: action.name };
    const reached = ran.flatMap(({ outcomes }) => outcomes.map(({ destination }) => destination));
    const names = new Set([...(action.isBound ? action.destinations : []), ...reached]);
    if (names.size > 1) names.delete(action.name);
    return [...names].map((destination) => ({ action, destination }));
  });
  return pairs.map(({ action, destination }) => {
    const isAmbiguous = pairs.filter((other) => other.destination === destination).length > 1;
    const label = isAmbiguous && action.isCombined ? `${action.name}: ${destination}` : destination;
    return { action, destination, label };
  });
};

const matches = (login: LoginRow, filter: string): boolean =>
  `${login.application} ${describeLogin(login)}`.toLowerCase().includes(filter.trim().toLowerCase());

/** The part of an execution that concerns one destination. */
const getRun = (login: LoginRow, { action, destination }: Column): RunRow | undefined => {
  const run = login.runs.find(({ name }) => name === action.name);
  if (!run || !action.isCombined) return run;
  const outcome =
    run.outcomes.find((candidate) => candidate.destination === destination) ??
    run.outcomes.find((candidate) => candidate.destination === action.name);
  if (!outcome) return run.error === undefined ? undefined : { ...run, outcomes: [] };
  const durationMs = 'elapsedMs' in outcome ? outcome.elapsedMs : run.durationMs;
  return { ...run, durationMs, outcomes: [outcome] };
};

const Heading = ({ state, column: { action, destination, label } }: { state: State; column: Column }) => (
  <th
    scope="col"
    class={`action ${getAccent(state, destination)}`}
    title={action.isBound ? label : `${label}, not bound`}
  >
    <span class={action.isBound ? '' : 'unbound'}>
      <i class="dot" />
      {label}
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
  columns: readonly Column[];
  selected: Selection | undefined;
  onSelect: (selection: Selection) => void;
}) => (
  <tr class={selected ? 'selected' : ''}>
    <th scope="row">
      <button
        type="button"
        class="login"
        aria-pressed={selected !== undefined}
        title={login.user}
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
    {columns.map((column) => {
      const { action, destination, label } = column;
      return (
        <td key={label} class={`action ${getAccent(state, destination)}`} data-name={label}>
          <Run
            label={label}
            run={getRun(login, column)}
            isSelected={selected?.action === action.name && (selected.destination ?? label) === label}
            onSelect={() =>
              onSelect({ login: login.id, action: action.name, ...(action.isCombined && { destination }) })
            }
          />
        </td>
      );
    })}
    <td class="number">{login.isDenied ? <b class="bad">denied</b> : formatMs(login.durationMs)}</td>
  </tr>
);

const Run = ({
  label,
  run,
  isSelected,
  onSelect,
}: {
  label: string;
  run: RunRow | undefined;
  isSelected: boolean;
  onSelect: () => void;
}) => {
  if (!run) return <span class="skipped">–</span>;
  const flushed = getFlushed(run);
  const share = Math.log(Math.max(run.durationMs, 1)) / Math.log(run.deadlineMs);
  const detail = failureDetail(run);
  const color = isFailed(run) ? 'bad' : isSignUp(run) ? 'sign-up' : '';
  return (
    <button
      type="button"
      class={`run-cell ${isSkipped(run) ? 'skipped' : ''}`}
      aria-pressed={isSelected}
      title={[runLabel(run), detail, `${formatMs(run.durationMs)} of at most ${formatMs(run.deadlineMs)}`]
        .filter(Boolean)
        .join(', ')}
      onClick={onSelect}
    >
      <span class="visually-hidden">{label}: </span>
      <span class={`label ${color}`}>{runLabel(run)}</span>
      <span class={`mark ${color}`} aria-hidden="true">
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
      {detail && <small class="detail">{detail}</small>}
    </button>
  );
};
