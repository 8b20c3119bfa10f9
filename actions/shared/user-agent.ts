import { parseUserAgent } from 'detect-browser';

/** The browsers whose names Mixpanel writes in another way. */
const BROWSERS: Readonly<Record<string, string>> = {
  chrome: 'Chrome',
  crios: 'Chrome iOS',
  firefox: 'Firefox',
  fxios: 'Firefox iOS',
  safari: 'Safari',
  ios: 'Mobile Safari',
  edge: 'Microsoft Edge',
  'edge-chromium': 'Microsoft Edge',
  'edge-ios': 'Microsoft Edge',
  opera: 'Opera',
  samsung: 'Samsung Internet',
  ie: 'Internet Explorer',
};

const SYSTEMS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^Windows/, 'Windows'],
  [/^Mac OS/, 'Mac OS X'],
  [/^Android/, 'Android'],
];

/**
 * The browser and operating system, by the names that Mixpanel's browser SDK uses: a server has to parse them itself.
 * https://docs.mixpanel.com/docs/tracking-best-practices/server-side-best-practices
 */
export const toBrowser = (userAgent: string | undefined) => {
  const { name = '', version, os = '' } = (userAgent ? parseUserAgent(userAgent) : null) ?? {};
  return {
    $browser: BROWSERS[name],
    $browser_version: BROWSERS[name] && version,
    $os: SYSTEMS.find(([pattern]) => pattern.test(os ?? ''))?.[1] ?? (os || undefined),
  };
};
