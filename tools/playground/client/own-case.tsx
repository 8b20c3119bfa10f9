/** What can be set of a login in addition to who logs in where. */
import type { LoginBody } from '../login-body.ts';
import { PROTOCOLS } from '../protocols.ts';

/** As typed. */
export interface OwnCase {
  readonly query: string;
  readonly userMetadata: string;
  readonly appMetadata: string;
  readonly methods: string;
  readonly protocol: string;
}

export const NO_OWN_CASE: OwnCase = {
  query: '',
  userMetadata: '',
  appMetadata: '',
  methods: '',
  protocol: '',
};

/** The part of a login that the fields make. Empty ones make none. */
export const toLoginPart = (typed: OwnCase): Partial<LoginBody> => {
  const { query, userMetadata, appMetadata, methods, protocol } = typed;
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
  typed: OwnCase;
  onChange: (typed: OwnCase) => void;
}

export const OwnCaseFields = ({ typed, onChange }: Props) => {
  const set = (changes: Partial<OwnCase>) => onChange({ ...typed, ...changes });
  return (
    <details class="own-case">
      <summary>Query, metadata, methods</summary>
      <div class="field">
        <label for="query">Query of /authorize</label>
        <textarea
          id="query"
          rows={2}
          placeholder="ext-anonymous_id=v42&utm_source=news"
          value={typed.query}
          onInput={(event) => set({ query: event.currentTarget.value })}
        />
      </div>
      <Json
        id="user-metadata"
        label="user_metadata"
        value={typed.userMetadata}
        onInput={(userMetadata) => set({ userMetadata })}
      />
      <Json
        id="app-metadata"
        label="app_metadata"
        value={typed.appMetadata}
        onInput={(appMetadata) => set({ appMetadata })}
      />
      <div class="field">
        <label for="methods">Authentication methods</label>
        <input
          id="methods"
          autocomplete="off"
          placeholder="pwd, mfa"
          value={typed.methods}
          onInput={(event) => set({ methods: event.currentTarget.value })}
        />
      </div>
      <div class="field">
        <label for="protocol">Protocol</label>
        <select
          id="protocol"
          value={typed.protocol}
          onChange={(event) => set({ protocol: event.currentTarget.value })}
        >
          <option value="">Default</option>
          {PROTOCOLS.map((protocol) => (
            <option key={protocol}>{protocol}</option>
          ))}
        </select>
      </div>
    </details>
  );
};

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
      onInput={({ currentTarget }) => {
        const problem = isJsonObject(currentTarget.value) ? '' : 'Enter a JSON object';
        currentTarget.setCustomValidity(problem);
        onInput(currentTarget.value);
      }}
    />
  </div>
);
