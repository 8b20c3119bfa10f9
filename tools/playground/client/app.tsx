import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Destinations } from './destinations.tsx';
import { Details } from './details.tsx';
import { Flow } from './flow.tsx';
import { describeLogin } from './labels.ts';
import { LogIn } from './log-in.tsx';
import { Logins } from './logins.tsx';
import { change, failures, useLiveState } from './requests.ts';
import { SecretsDialog } from './secrets.tsx';

const App = () => {
  const { state, isConnected } = useLiveState();
  const [failure, setFailure] = useState('');
  const [selected, select] = useSelectedLogin();
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
        <button type="button" onClick={() => change('POST', '/reset')}>
          Reset
        </button>
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
          <Destinations state={state} onEdit={edit} />
        </main>
        {selected !== undefined && <Details id={selected} state={state} onClose={() => select(undefined)} />}
      </div>
      {edited !== undefined && <SecretsDialog state={state} name={edited} onClose={() => edit(undefined)} />}
    </>
  );
};

const STOPPED = 'The playground has stopped. Restart it with npm start.';

/** Part of the URL, so that it survives a reload. */
const useSelectedLogin = () => {
  const read = () => Number(/^#login-(\d+)$/.exec(location.hash)?.[1]) || undefined;
  const [selected, setSelected] = useState(read);
  const select = (id: number | undefined) => {
    history.replaceState(null, '', id === undefined ? location.pathname : `#login-${id}`);
    setSelected(id);
  };
  return [selected, select] as const;
};

render(<App />, document.body);
