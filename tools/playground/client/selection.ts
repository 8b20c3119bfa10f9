/** The login and the cell whose details are shown. */
import { useEffect, useState } from 'preact/hooks';

export interface Selection {
  readonly login: number;
  /** Name of the Action whose cell was selected; undefined for the login as a whole. */
  readonly action?: string;
  readonly destination?: string;
}

/** Part of the URL, so that it survives a reload, and that Back closes what was opened. */
export const useSelection = () => {
  const [selection, setSelection] = useState(readSelection);
  useEffect(() => {
    const read = () => setSelection(readSelection());
    addEventListener('popstate', read);
    return () => removeEventListener('popstate', read);
  }, []);
  const select = (selected: Selection | undefined) => {
    const url = `/${location.search}${selected ? toHash(selected) : ''}`;
    // One entry for the details, whatever is shown in them.
    if (selected && !selection) history.pushState(null, '', url);
    else history.replaceState(null, '', url);
    setSelection(selected);
  };
  return [selection, select] as const;
};

const toHash = ({ login, action, destination }: Selection): string =>
  `#login-${[login, action, destination].filter(Boolean).join(':')}`;

const readSelection = (): Selection | undefined => {
  const [, login, action, destination] = /^#login-(\d+)(?::([^:]+))?(?::([^:]+))?$/.exec(location.hash) ?? [];
  if (login === undefined) return undefined;
  return { login: Number(login), ...(action && { action }), ...(destination && { destination }) };
};
