/** The state of the login form. It is the query of the URL, so that a URL reproduces it. */
/** As typed; '' is the default. */
export const EMPTY_FORM = {
  user: '',
  name: '',
  application: '',
  organization: '',
  connection: '',
  kind: '',
  query: '',
  userMetadata: '',
  appMetadata: '',
  methods: '',
  protocol: '',
};

export type Form = Readonly<typeof EMPTY_FORM>;

/** Unknown parameters are ignored. */
export const readForm = (search: string): Form => {
  const parameters = new URLSearchParams(search);
  const names = Object.keys(EMPTY_FORM) as Array<keyof Form>;
  return Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? ''])) as Form;
};

/** '' if everything is the default. */
export const toQuery = (form: Form): string => {
  const query = String(new URLSearchParams(Object.entries(form).filter(([, value]) => value)));
  return query && `?${query}`;
};
