/** What can be set of a login in addition to who logs in where. */
import type { LoginBody } from '../login-body.ts';
import { PROTOCOLS } from '../protocols.ts';
import type { Form } from './form.ts';

const FIELDS = ['query', 'userMetadata', 'appMetadata', 'methods', 'protocol'] as const;

/** The part of a login that the fields make. Empty ones make none. */
export const toLoginPart = (form: Form): Partial<LoginBody> => {
  const { query, userMetadata, appMetadata, methods, protocol } = form;
  const names = methods.split(',').flatMap((name) => name.trim() || []);
  return {
    ...(query.trim() && { query: Object.fromEntries(new URLSearchParams(query.trim())) }),
    ...(userMetadata.trim() && { userMetadata: JSON.parse(userMetadata) }),
    ...(appMetadata.trim() && { appMetadata: JSON.parse(appMetadata) }),
    ...(names.length > 0 && { methods: names }),
    ...(protocol && { protocol: protocol as NonNullable<LoginBody['protocol']> }),
  };
};

const isJsonObject = (text: string): boolean => {
  try {
    return text.trim() === '' || /^\{/.test(JSON.stringify(JSON.parse(text)));
  } catch {
    return false;
  }
};

interface Props {
  form: Form;
  onChange: (changes: Partial<Form>) => void;
}

export const OwnCaseFields = ({ form, onChange }: Props) => (
  <details class="own-case" open={FIELDS.some((field) => form[field] !== '')}>
    <summary>Query, metadata, methods</summary>
    <div class="field">
      <label for="query">Query of /authorize</label>
      <textarea
        id="query"
        rows={2}
        placeholder="ext-anonymous_id=v42&utm_source=news"
        value={form.query}
        onInput={(event) => onChange({ query: event.currentTarget.value })}
      />
    </div>
    <Json
      id="user-metadata"
      label="user_metadata"
      value={form.userMetadata}
      onInput={(userMetadata) => onChange({ userMetadata })}
    />
    <Json
      id="app-metadata"
      label="app_metadata"
      value={form.appMetadata}
      onInput={(appMetadata) => onChange({ appMetadata })}
    />
    <div class="field">
      <label for="methods">Authentication methods</label>
      <input
        id="methods"
        autocomplete="off"
        placeholder="pwd, mfa"
        value={form.methods}
        onInput={(event) => onChange({ methods: event.currentTarget.value })}
      />
    </div>
    <div class="field">
      <label for="protocol">Protocol</label>
      <select
        id="protocol"
        value={form.protocol}
        onChange={(event) => onChange({ protocol: event.currentTarget.value })}
      >
        <option value="">Default</option>
        {PROTOCOLS.map((protocol) => (
          <option key={protocol}>{protocol}</option>
        ))}
      </select>
    </div>
  </details>
);

interface JsonProps {
  id: string;
  label: string;
  value: string;
  onInput: (value: string) => void;
}

const Json = ({ id, label, value, onInput }: JsonProps) => (
  <div class="field">
    <label for={id}>{label}</label>
    <textarea
      id={id}
      rows={2}
      placeholder='{ "plan": "pro" }'
      value={value}
      ref={(area) => area?.setCustomValidity(isJsonObject(value) ? '' : 'Enter a JSON object')}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  </div>
);
