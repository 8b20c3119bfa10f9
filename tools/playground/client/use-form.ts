import { useEffect, useState } from 'preact/hooks';
import { type Form, readForm, toQuery } from './form.ts';

export const useForm = () => {
  const [form, setForm] = useState(() => readForm(location.search));
  useEffect(() => {
    history.replaceState(null, '', `/${toQuery(form)}${location.hash}`);
  }, [form]);
  const set = (changes: Partial<Form>) => setForm((previous) => ({ ...previous, ...changes }));
  return [form, set] as const;
};
