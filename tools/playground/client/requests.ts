/** What the client requests from the server. */
import { useEffect, useState } from 'preact/hooks';
import type { LoginDetails, State } from '../state.ts';

export interface LiveState {
  /** Undefined until it is received. */
  readonly state: State | undefined;
  readonly isConnected: boolean;
}

const RECONNECT_MS = 1000;

export const useLiveState = (): LiveState => {
  const [live, setLive] = useState<LiveState>({ state: undefined, isConnected: true });
  useEffect(() => {
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      source = new EventSource('/state');
      source.onmessage = ({ data }) => setLive({ state: JSON.parse(data), isConnected: true });
      source.onerror = () => {
        setLive(({ state }) => ({ state, isConnected: false }));
        // A browser gives up if the response is an error, as it is until the URL of a new start was opened.
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, RECONNECT_MS);
      };
    };
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, []);
  return live;
};

/** Emits `failure` with a message for each change that fails, and with '' for one that succeeds. */
export const failures = new EventTarget();

/** Sends a change. Undefined if it fails, after the failure was emitted. */
export const change = async (
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object = {},
): Promise<Response | undefined> => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) }).catch(() => undefined);
  const report = (message: string) => failures.dispatchEvent(new CustomEvent('failure', { detail: message }));
  if (response?.ok) {
    report('');
    return response;
  }
  report(response ? await response.text() : 'The playground does not respond.');
  return undefined;
};

/** Name of a secret → what is wrong with its value. */
export const checkSecrets = async (
  action: string,
  values: Readonly<Record<string, string | null>>,
): Promise<Readonly<Record<string, string>>> => {
  const response = await fetch(`/secrets/${action}/check`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ actions: [action], values }),
  }).catch(() => undefined);
  return response?.ok ? response.json() : {};
};

/** Null if the login is no longer available. */
export const fetchLogin = async (id: number): Promise<LoginDetails | null> => {
  const response = await fetch(`/logins/${id}`).catch(() => undefined);
  return response?.ok ? response.json() : null;
};
