/** The snippets of docs/stitching.md, run in a browser of which there is only what they use. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../tools/shared/manifest.ts';
import { getCodeBlocks, readDocument } from './markdown.ts';

/** The functions of examples/stitching.js. */
interface Stitching {
  toExtParameters(values: Readonly<Record<string, unknown>>): Record<string, string>;
  rememberVisit(): void;
  getExtParameters(getVisitor: () => unknown): Record<string, string>;
}

export const stitching: Stitching = await import(
  pathToFileURL(path.join(ROOT, 'examples/stitching.js')).href
);

const ANONYMOUS_ID = '7d1c0a52-3b6e-4f38-9a47-c5e2d8b09f16';
const POSTHOG_SESSION_ID = '019c13d2-7b40-7a11-8c55-2f9f8a1b3c4d';
const AMPLITUDE_SESSION_ID = 1769851500000;

/** Vendor → its SDK, as far as the snippet uses it, and what that knows of the visitor. */
export const SDKS = {
  Segment: {
    sdk: { analytics: { user: () => ({ anonymousId: () => ANONYMOUS_ID }) } },
    visitor: { 'ext-anonymous_id': ANONYMOUS_ID },
  },
  Mixpanel: {
    sdk: { mixpanel: { get_property: (name: string) => (name === '$device_id' ? ANONYMOUS_ID : undefined) } },
    visitor: { 'ext-anonymous_id': ANONYMOUS_ID },
  },
  PostHog: {
    sdk: { posthog: { get_distinct_id: () => ANONYMOUS_ID, get_session_id: () => POSTHOG_SESSION_ID } },
    visitor: { 'ext-anonymous_id': ANONYMOUS_ID, 'ext-session_id': POSTHOG_SESSION_ID },
  },
  Amplitude: {
    sdk: { amplitude: { getDeviceId: () => ANONYMOUS_ID, getSessionId: () => AMPLITUDE_SESSION_ID } },
    visitor: { 'ext-anonymous_id': ANONYMOUS_ID, 'ext-session_id': String(AMPLITUDE_SESSION_ID) },
  },
} as const;

export type SdkName = keyof typeof SDKS;

export const LOGINS = ['auth0-spa-js', 'nextjs-auth0', 'A plain redirect'] as const;

/** The page on which the visit began, and what is known of the campaign. */
export const VISIT = {
  url: 'https://shop.example.com/shoes?utm_source=newsletter&utm_medium=mailing&utm_campaign=winter-sale&page=2',
  referrer: 'https://news.example.com/best-shops?session=secret',
};
export const CAMPAIGN = {
  'ext-utm_source': 'newsletter',
  'ext-utm_medium': 'mailing',
  'ext-utm_campaign': 'winter-sale',
  'ext-referrer': 'https://news.example.com/best-shops',
};

/** The code below a heading of the document. */
export const getSnippet = (heading: string): string => {
  const section = readDocument('docs/stitching.md')
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${heading}\n`));
  const [code] = getCodeBlocks(section ?? '', 'js');
  if (code === undefined) throw new RangeError(`docs/stitching.md has no snippet below "${heading}"`);
  return code;
};

/** A tab of a browser. The application that runs in it has the globals; `navigations` is where it went. */
export class Tab {
  readonly navigations: string[] = [];
  readonly location = {
    href: '',
    search: '',
    origin: '',
    assign: (url: unknown) => this.navigations.push(String(url)),
  };
  readonly document = { referrer: '' };
  readonly sessionStorage = new Map<string, string>();

  /** Opens a page of the application, which calls `rememberVisit`. */
  open(url: string, referrer = ''): this {
    const { search, origin } = new URL(url);
    Object.assign(this.location, { href: url, search, origin });
    this.document.referrer = referrer;
    this.run(() => stitching.rememberVisit());
    return this;
  }

  run<T>(work: () => T): T {
    const { location, document, sessionStorage } = this;
    const storage = {
      getItem: (key: string) => sessionStorage.get(key) ?? null,
      setItem: (key: string, value: string) => void sessionStorage.set(key, value),
    };
    Object.assign(globalThis, { location, document, sessionStorage: storage });
    try {
      return work();
    } finally {
      for (const name of ['location', 'document', 'sessionStorage']) Reflect.deleteProperty(globalThis, name);
    }
  }
}

/** Starts a login as the document says; returns the parameters that were passed along, in the query of /authorize. */
export const startLogin = (
  tab: Tab,
  vendor: SdkName,
  login: (typeof LOGINS)[number],
  sdk: object = SDKS[vendor].sdk,
): Record<string, string> => {
  let parameters: Record<string, string> = {};
  // Its `loginWithRedirect` adds the parameters to those of /authorize.
  const auth0 = {
    loginWithRedirect: ({ authorizationParams }: { authorizationParams: Record<string, string> }) => {
      parameters = authorizationParams;
    },
  };
  const globals = { ...sdk, auth0, getExtParameters: stitching.getExtParameters };
  const code = `${getSnippet(vendor)}\n${getSnippet(login)}\nlogin();`;
  tab.run(() => new Function(...Object.keys(globals), code)(...Object.values(globals)));
  const [navigation] = tab.navigations;
  if (navigation === undefined) return parameters;
  return Object.fromEntries(new URL(navigation, 'https://shop.example.com').searchParams);
};
