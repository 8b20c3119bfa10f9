import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { State } from '../state.ts';
import { Confirmation } from './confirmation.tsx';
import { Destinations } from './destinations.tsx';
import { Details } from './details.tsx';
import { Flow } from './flow.tsx';
import { describeLogin } from './labels.ts';
import { LogIn } from './log-in.tsx';
import { Logins } from './logins.tsx';
import { change, failures, useLiveState } from './requests.ts';
import { SecretsDialog } from './secrets.tsx';
import { useSelection } from './selection.ts';

const App = () => {
  const { state, isConnected } = useLiveState();
  const [failure, setFailure] = useState('');
  const [selected, select] = useSelection();
  const [edited, edit] = useState<string>();

  useEffect(() => {
    const showFailure = (event: Event) => setFailure((event as CustomEvent<string>).detail);
    failures.addEventListener('failure', showFailure);
    return () => failures.removeEventListener('failure', showFailure);
  }, []);

  if (!state) return <p class="waiting">{isConnected ? 'Connecting…' : STOPPED}</p>;
  const [newest] = state.logins;
  return (
    <>
      <header>
        <h1>
          auth0-login-analytics <span class="tagline">playground</span>
        </h1>
        <p class={isConnected ? 'live' : 'live off'}>{isConnected ? 'Live' : 'Stopped'}</p>
        <a href={state.documentation} target="_blank" rel="noreferrer">
          Documentation
        </a>
        <Reset state={state} />
      </header>
      {!isConnected && (
        <p class="banner" role="alert">
          {STOPPED}
        </p>
      )}
      {failure && (
        <p class="banner" role="alert">
          {failure}
          <button type="button" onClick={() => setFailure('')}>
            Dismiss
          </button>
        </p>
      )}
      <p class="visually-hidden" role="status">
        {newest ? `Login ${newest.id}: ${describeLogin(newest)}` : ''}
      </p>
      <div class="columns">
        <div class="rail">
          <LogIn state={state} onLogin={select} />
          <Flow state={state} onEdit={edit} />
        </div>
        <main>
          <Logins state={state} selected={selected} onSelect={select} />
          {selected && <Details selection={selected} state={state} onClose={() => select(undefined)} />}
          <Destinations state={state} onEdit={edit} />
        </main>
      </div>
      {edited !== undefined && <SecretsDialog state={state} name={edited} onClose={() => edit(undefined)} />}
    </>
  );
};

const STOPPED =
  'The playground has stopped. Restart it with npm start, and open its URL: this window reconnects.';

/** Asks first if anything would be lost but logins. */
const Reset = ({ state }: { state: State }) => {
  const [isAsking, setAsking] = useState(false);
  const reset = () => {
    setAsking(false);
    change('POST', '/reset');
  };
  return (
    <>
      <button type="button" onClick={() => (state.edits.length > 0 ? setAsking(true) : reset())}>
        Reset
      </button>
      {isAsking && (
        <Confirmation
          question={`Reset also undoes ${state.edits.join(', ')}.`}
          action="Reset everything"
          onConfirm={reset}
          onCancel={() => setAsking(false)}
        />
      )}
    </>
  );
};

render(<App />, document.body);
