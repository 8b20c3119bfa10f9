import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ExchangeDetails, LoginDetails, RunDetails, State } from '../state.ts';
import { accentOf } from './accent.ts';
import { clock, isBad, KINDS, milliseconds, verdict } from './labels.ts';
import { fetchLogin } from './requests.ts';

interface Props {
  id: number;
  state: State;
  onClose: () => void;
}

/** All of one login: what the Actions were given, sent, were answered, logged and wrote. */
export const Details = ({ id, state, onClose }: Props) => {
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
      {login === null && <p>This login is no longer remembered.</p>}
      {login && <Journey login={login} state={state} />}
    </aside>
  );
};

const Journey = ({ login, state }: { login: LoginDetails; state: State }) => (
  <>
    <p>
      {clock(login.at)} · {KINDS[login.kind]} · {login.application} ·{' '}
      {login.isDenied ? (
        <b class="bad">refused: {login.errorDescription}</b>
      ) : (
        `let in after ${milliseconds(login.durationMs)}`
      )}
    </p>
    <h3>app_metadata</h3>
    <Code class="diff">
      {login.appMetadata.map(({ value, added, removed }, index) => {
        const Tag = added ? 'ins' : removed ? 'del' : 'span';
        return <Tag key={index}>{value}</Tag>;
      })}
    </Code>
    {login.appMetadata.length < 2 && <p class="legend">Not changed by this login.</p>}
    {login.runs.map((run, index) => (
      <Run
        key={`${login.id} ${run.name}`}
        run={run}
        accent={accentOf(state, run.name)}
        isOpen={index === 0 || isBad(run)}
      />
    ))}
  </>
);

const Run = ({ run, accent, isOpen }: { run: RunDetails; accent: string; isOpen: boolean }) => (
  <details class={`run-details ${accent}`} open={isOpen}>
    <summary>
      <i class="dot" />
      <b>{run.name}</b>
      <span class={isBad(run) ? 'bad' : ''}>{verdict(run)}</span>
      <span class="number">{milliseconds(run.durationMs)}</span>
    </summary>
    <h4>Log</h4>
    <Code class="wrapped">{run.log || 'Nothing'}</Code>
    {run.exchanges.length === 0 && <p class="legend">Nothing was sent.</p>}
    {run.exchanges.map((exchange, index) => (
      <Exchange key={index} exchange={exchange} number={index + 1} count={run.exchanges.length} />
    ))}
    <details>
      <summary>The event that Auth0 hands over</summary>
      <Code>{run.event}</Code>
    </details>
  </details>
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
      Request{count > 1 ? ` ${number} of ${count}` : ''}, after {milliseconds(exchange.startMs)}
    </h4>
    <Code class="wrapped">
      <b>
        {exchange.method} {exchange.url}
      </b>
      {headerLines(exchange.headers)}
    </Code>
    <Code>{exchange.body}</Code>
    <h4>
      {exchange.status === undefined ? 'No answer' : `Answer ${exchange.status}`}
      {exchange.durationMs === undefined ? '' : `, after ${milliseconds(exchange.durationMs)}`}
    </h4>
    {exchange.error && <Code class="wrapped bad">{exchange.error}</Code>}
    {exchange.status !== undefined && (
      <Code class="wrapped">
        {headerLines(exchange.answerHeaders).trimStart()}
        {exchange.answer && `\n\n${exchange.answer}`}
      </Code>
    )}
  </>
);

const Code = ({ class: className = '', children }: { class?: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard could not scroll it.
  <pre tabIndex={0} class={className}>
    {children}
  </pre>
);

const headerLines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `\n${name}: ${value}`)
    .join('');
