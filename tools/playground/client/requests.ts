/** What the page asks of the server. */
import { useEffect, useState } from 'preact/hooks';
import type { LoginDetails, State } from '../state.ts';

export interface LiveState {
  /** Undefined until the server has told it. */
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

/** Told in the page, wherever the request came from. */
export const failures = new EventTarget();

/** Sends a change. A refusal is told in `failures`, and gives undefined. */
export const change = async (
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object = {},
): Promise<Response | undefined> => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) }).catch(() => undefined);
  if (response?.ok) return response;
  const message = response ? await response.text() : 'The local tenant does not answer.';
  failures.dispatchEvent(new CustomEvent('failure', { detail: message }));
  return undefined;
};

/** Null for a login that the server no longer remembers. */
export const fetchLogin = async (id: number): Promise<LoginDetails | null> => {
  const response = await fetch(`/logins/${id}`).catch(() => undefined);
  return response?.ok ? response.json() : null;
};
