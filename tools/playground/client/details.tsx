import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type {
  ActivityDetails,
  DestinationLinks,
  ExchangeDetails,
  LoginDetails,
  RunDetails,
  State,
} from '../state.ts';
import { getAccent } from './accent.ts';
import { Copy } from './copy.tsx';
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
  const { login: id } = selection;
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
      {login && <LoginTimeline login={login} state={state} selection={selection} />}
    </aside>
  );
};

const LoginTimeline = ({
  login,
  state,
  selection: { action, destination },
}: {
  login: LoginDetails;
  state: State;
  selection: Selection;
}) => {
  const isClicked = ({ name }: RunDetails) => name === action;
  const toRun = (run: RunDetails, index: number) => (
    <Run
      key={`${login.id} ${run.name} ${action} ${destination}`}
      run={run}
      state={state}
      destination={destination}
      isOpen={isClicked(run) || (action === undefined && (index === 0 || isFailed(run)))}
    />
  );
  return (
    <>
      <p>
        {[formatTime(login.at), KINDS[login.kind], login.application, login.connection, login.organization]
          .filter(Boolean)
          .join(' · ')}
        {' · '}
        {login.isDenied ? (
          <b class="bad">denied: {login.errorDescription}</b>
        ) : (
          `completed in ${formatMs(login.durationMs)}`
        )}
      </p>
      {action !== undefined && login.runs.filter(isClicked).map(toRun)}
      {action !== undefined && <AppMetadata login={login} />}
      {login.runs.filter((run) => !isClicked(run)).map(toRun)}
      {action === undefined && <AppMetadata login={login} />}
    </>
  );
};

const AppMetadata = ({ login: { appMetadata } }: { login: LoginDetails }) => (
  <section>
    <h3 class="part">app_metadata, before and after</h3>
    <Code class="diff">
      {appMetadata.map(({ value, added, removed }, index) => {
        const Tag = added ? 'ins' : removed ? 'del' : 'span';
        return <Tag key={index}>{value}</Tag>;
      })}
    </Code>
    {appMetadata.length < 2 && <p class="legend">Unchanged by this login.</p>}
  </section>
);

const Run = ({
  run,
  state,
  destination,
  isOpen,
}: {
  run: RunDetails;
  state: State;
  destination: string | undefined;
  isOpen: boolean;
}) => {
  const reached = state.destinations.filter(({ name }) =>
    destination === undefined
      ? run.outcomes.some((outcome) => outcome.destination === name)
      : destination === name,
  );
  const isClicked = (exchange: ExchangeDetails) => exchange.destination === destination;
  const exchanges = [...run.exchanges.filter(isClicked), ...run.exchanges.filter((one) => !isClicked(one))];
  return (
    <details class={`run-details ${getAccent(state, run.name)}`} open={isOpen}>
      <summary>
        <i class="dot" />
        <b>{run.name}</b>
        <span class={isFailed(run) ? 'bad' : ''}>{runLabel(run)}</span>
        <span class="number" title={`of at most ${formatMs(run.deadlineMs)}`}>
          {formatMs(run.durationMs)}
        </span>
      </summary>
      <p class="links">
        {reached.map(({ name, links }) => (
          <Links key={name} name={name} links={links} />
        ))}
      </p>
      {run.exchanges.length === 0 && <p class="legend">No requests.</p>}
      {exchanges.map((exchange, index) => (
        <Exchange
          key={index}
          exchange={exchange}
          number={index + 1}
          count={exchanges.length}
          isNamed={run.outcomes.length > 1}
        />
      ))}
      <h3 class="part">Outcome</h3>
      <ul class="outcomes">
        {run.outcomes.map((outcome) => (
          <li key={outcome.destination}>
            {outcome.destination !== run.name && <b>{outcome.destination}: </b>}
            {describeOutcome(outcome)}
          </li>
        ))}
        <li>
          The login waited {formatMs(run.durationMs)} of at most {formatMs(run.deadlineMs)}.
        </li>
        {run.error !== undefined && <li class="bad">The Action failed: {run.error}</li>}
      </ul>
      {run.activities.map((activity) => (
        <Activity key={activity.destination} activity={activity} isOnly={activity.destination === run.name} />
      ))}
      <details>
        <summary>Auth0's event</summary>
        <Code>{run.event}</Code>
      </details>
      <h3 class="part">Log</h3>
      <Code class="wrapped">{run.log || 'Empty'}</Code>
    </details>
  );
};

const Links = ({ name, links }: { name: string; links: DestinationLinks }) => (
  <>
    <a href={links.documentation} target="_blank" rel="noreferrer">
      {name} documentation
    </a>
    <a href={links.vendor} target="_blank" rel="noreferrer">
      Vendor's API
    </a>
  </>
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
  isNamed,
}: {
  exchange: ExchangeDetails;
  number: number;
  count: number;
  isNamed: boolean;
}) => (
  <>
    <h3 class="part">
      {isNamed && exchange.destination ? `${exchange.destination}: request` : 'Request'}
      {count > 1 ? ` ${number} of ${count}` : ''}, after {formatMs(exchange.startMs)}
    </h3>
    <Code class="wrapped">
      <b>
        {exchange.method} {exchange.url}
      </b>
      {toHeaderLines(exchange.headers)}
    </Code>
    <Code>{exchange.body}</Code>
    <p class="copy">
      <Copy label="Copy as JSON" getText={() => exchange.body} />
      <Copy label="Copy as curl" getText={() => toCurl(exchange)} />
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
