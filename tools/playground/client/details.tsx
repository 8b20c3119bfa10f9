import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActivityDetails, ExchangeDetails, LoginDetails, RunDetails, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { toCurl } from './curl.ts';
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
    {toClickedFirst(login.runs, action).map((run, index) => (
      <Run
        key={`${login.id} ${run.name} ${action}`}
        run={run}
        accent={getAccent(state, run.name)}
        isOpen={index === 0 || (action === undefined && isFailed(run))}
      />
    ))}
    <h3>app_metadata</h3>
    <Code class="diff">
      {login.appMetadata.map(({ value, added, removed }, index) => {
        const Tag = added ? 'ins' : removed ? 'del' : 'span';
        return <Tag key={index}>{value}</Tag>;
      })}
    </Code>
    {login.appMetadata.length < 2 && <p class="legend">Unchanged by this login.</p>}
  </>
);

const toClickedFirst = (runs: readonly RunDetails[], action: string | undefined): readonly RunDetails[] => {
  const isClicked = ({ name }: RunDetails) => name === action;
  return [...runs.filter(isClicked), ...runs.filter((run) => !isClicked(run))];
};

const Run = ({ run, accent, isOpen }: { run: RunDetails; accent: string; isOpen: boolean }) => (
  <details class={`run-details ${accent}`} open={isOpen}>
    <summary>
      <i class="dot" />
      <b>{run.name}</b>
      <span class={isFailed(run) ? 'bad' : ''}>{runLabel(run)}</span>
      <span class="number">{formatMs(run.durationMs)}</span>
    </summary>
    {run.exchanges.length === 0 && <p class="legend">No requests.</p>}
    {run.exchanges.map((exchange, index) => (
      <Exchange key={index} exchange={exchange} number={index + 1} count={run.exchanges.length} />
    ))}
    <h3 class="part">Outcome</h3>
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
    <h3 class="part">Log</h3>
    <Code class="wrapped">{run.log || 'Empty'}</Code>
    <details>
      <summary>Event object</summary>
      <Code>{run.event}</Code>
    </details>
  </details>
);

const Activity = ({ activity, isOnly }: { activity: ActivityDetails; isOnly: boolean }) => (
  <>
    <h3 class="part">Activity{isOnly ? '' : ` at ${activity.destination}`}</h3>
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
    <h3 class="part">
      Request{count > 1 ? ` ${number} of ${count}` : ''}, after {formatMs(exchange.startMs)}
    </h3>
    <Code class="wrapped">
      <b>
        {exchange.method} {exchange.url}
      </b>
      {toHeaderLines(exchange.headers)}
    </Code>
    <Code>{exchange.body}</Code>
    <p class="copy">
      <Copy label="Copy as JSON" text={exchange.body} />
      <Copy label="Copy as curl" text={toCurl(exchange)} />
    </p>
    <h3 class="part">
      {exchange.status === undefined ? 'No response' : `Response ${exchange.status}`}
      {exchange.durationMs === undefined ? '' : `, after ${formatMs(exchange.durationMs)}`}
    </h3>
    {exchange.error && <Code class="wrapped bad">{exchange.error}</Code>}
    {exchange.status !== undefined && (
      <Code class="wrapped">
        {toHeaderLines(exchange.responseHeaders).trimStart()}
        {exchange.responseBody && `\n\n${exchange.responseBody}`}
      </Code>
    )}
  </>
);

const COPIED_MS = 1500;

const Copy = ({ label, text }: { label: string; text: string }) => {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button type="button" onClick={copy}>
      {isCopied ? 'Copied' : label}
    </button>
  );
};

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
