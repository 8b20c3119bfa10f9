/** What the client requests from the server. */
import { useEffect, useState } from 'preact/hooks';
import type { LoginDetails, State } from '../state.ts';

export interface LiveState {
  /** Undefined until it is received. */
  readonly state: State | undefined;
  readonly isConnected: boolean;
}

export const useLiveState = (): LiveState => {
  const [live, setLive] = useState<LiveState>({ state: undefined, isConnected: true });
  useEffect(() => {
    const source = new EventSource('/state');
    source.onmessage = ({ data }) => setLive({ state: JSON.parse(data), isConnected: true });
    source.onerror = () => setLive(({ state }) => ({ state, isConnected: false }));
    return () => source.close();
  }, []);
  return live;
};

/** Emits `failure` with a message for each request that fails. */
export const failures = new EventTarget();

/** Sends a change. Undefined if it fails, after the failure was emitted. */
export const change = async (
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object = {},
): Promise<Response | undefined> => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) }).catch(() => undefined);
  if (response?.ok) return response;
  const message = response ? await response.text() : 'The playground does not respond.';
  failures.dispatchEvent(new CustomEvent('failure', { detail: message }));
  return undefined;
};

/** Null if the login is no longer available. */
export const fetchLogin = async (id: number): Promise<LoginDetails | null> => {
  const response = await fetch(`/logins/${id}`).catch(() => undefined);
  return response?.ok ? response.json() : null;
};
