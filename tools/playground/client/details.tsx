import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActivityDetails, ExchangeDetails, LoginDetails, RunDetails, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { describeOutcome, formatMs, formatTime, isFailed, KINDS, runLabel } from './labels.ts';
import { fetchLogin } from './requests.ts';
import type { Selection } from './selection.ts';

interface Props {
  selection: Selection;
  state: State;
  onClose: () => void;
}

/** One login: the events, requests, responses, outcomes and logs of the Actions, and the change of app_metadata. */
export const Details = ({ selection, state, onClose }: Props) => {
  const { login: id, action } = selection;
  const [login, setLogin] = useState<LoginDetails | null>();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    setLogin(undefined);
    fetchLogin(id).then(setLogin);
  }, [id, state.loginsCount < id]);

  useEffect(() => {
    const opener = document.activeElement;
    heading.current?.focus();
    const closeOnEscape = (event: KeyboardEvent) => event.key === 'Escape' && onClose();
    addEventListener('keydown', closeOnEscape);
    return () => {
      removeEventListener('keydown', closeOnEscape);
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);

  return (
    <aside class="details" aria-labelledby="details">
      <header>
        <h2 id="details" tabIndex={-1} ref={heading}>
          Login {id}
          {login ? ` of ${login.user}` : ''}
        </h2>
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      {login === null && <p>This login is no longer available.</p>}
      {login && <LoginTimeline login={login} state={state} action={action} />}
    </aside>
  );
};

const LoginTimeline = ({
  login,
  state,
  action,
}: {
  login: LoginDetails;
  state: State;
  action: string | undefined;
}) => (
  <>
    <p>
      {formatTime(login.at)} · {KINDS[login.kind]} · {login.application} ·{' '}
      {login.isDenied ? (
        <b class="bad">denied: {login.errorDescription}</b>
      ) : (
        `completed in ${formatMs(login.durationMs)}`
      )}
    </p>
    <h3>app_metadata</h3>
    <Code class="diff">
      {login.appMetadata.map(({ value, added, removed }, index) => {
        const Tag = added ? 'ins' : removed ? 'del' : 'span';
        return <Tag key={index}>{value}</Tag>;
      })}
    </Code>
    {login.appMetadata.length < 2 && <p class="legend">Unchanged by this login.</p>}
    {login.runs.map((run, index) => (
      <Run
        key={`${login.id} ${run.name} ${action}`}
        run={run}
        accent={getAccent(state, run.name)}
        isOpen={action === undefined ? index === 0 || isFailed(run) : run.name === action}
      />
    ))}
  </>
);

const Run = ({ run, accent, isOpen }: { run: RunDetails; accent: string; isOpen: boolean }) => (
  <details class={`run-details ${accent}`} open={isOpen}>
    <summary>
      <i class="dot" />
      <b>{run.name}</b>
      <span class={isFailed(run) ? 'bad' : ''}>{runLabel(run)}</span>
      <span class="number">{formatMs(run.durationMs)}</span>
    </summary>
    <h4>Outcome</h4>
    <ul class="outcomes">
      {run.outcomes.map((outcome) => (
        <li key={outcome.destination}>
          {outcome.destination !== run.name && <b>{outcome.destination}: </b>}
          {describeOutcome(outcome)}
        </li>
      ))}
      {run.error !== undefined && <li class="bad">The Action failed: {run.error}</li>}
    </ul>
    {run.activities.map((activity) => (
      <Activity key={activity.destination} activity={activity} isOnly={activity.destination === run.name} />
    ))}
    <h4>Log</h4>
    <Code class="wrapped">{run.log || 'Empty'}</Code>
    {run.exchanges.length === 0 && <p class="legend">No requests.</p>}
    {run.exchanges.map((exchange, index) => (
      <Exchange key={index} exchange={exchange} number={index + 1} count={run.exchanges.length} />
    ))}
    <details>
      <summary>Event object</summary>
      <Code>{run.event}</Code>
    </details>
  </details>
);

const Activity = ({ activity, isOnly }: { activity: ActivityDetails; isOnly: boolean }) => (
  <>
    <h4>Activity{isOnly ? '' : ` at ${activity.destination}`}</h4>
    <dl class="activity">
      {Object.entries(activity.parts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  </>
);

const Exchange = ({
  exchange,
  number,
  count,
}: {
  exchange: ExchangeDetails;
  number: number;
  count: number;
}) => (
  <>
    <h4>
      Request{count > 1 ? ` ${number} of ${count}` : ''}, after {formatMs(exchange.startMs)}
    </h4>
    <Code class="wrapped">
      <b>
        {exchange.method} {exchange.url}
      </b>
      {toHeaderLines(exchange.headers)}
    </Code>
    <Code>{exchange.body}</Code>
    <h4>
      {exchange.status === undefined ? 'No response' : `Response ${exchange.status}`}
      {exchange.durationMs === undefined ? '' : `, after ${formatMs(exchange.durationMs)}`}
    </h4>
    {exchange.error && <Code class="wrapped bad">{exchange.error}</Code>}
    {exchange.status !== undefined && (
      <Code class="wrapped">
        {toHeaderLines(exchange.responseHeaders).trimStart()}
        {exchange.responseBody && `\n\n${exchange.responseBody}`}
      </Code>
    )}
  </>
);

const Code = ({ class: className = '', children }: { class?: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it must be scrollable with the keyboard.
  <pre tabIndex={0} class={className}>
    {children}
  </pre>
);

const toHeaderLines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `\n${name}: ${value}`)
    .join('');
