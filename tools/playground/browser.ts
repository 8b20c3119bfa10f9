/** A browser for the tests of the playground and for its screenshots. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, other distributions, macOS and Windows install Chromium or Chrome. */
const EXECUTABLES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** No background requests, and few processes: one page is enough. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--in-process-gpu',
  '--renderer-process-limit=1',
  '--disable-site-isolation-trials',
];

/** Path of the installed browser; undefined if there is none. */
export const findBrowser = (): string | undefined => EXECUTABLES.find((file) => existsSync(file));

/** A headless browser with a temporary profile. */
export const openBrowser = (executablePath: string): Promise<Browser> =>
  // Chromium's sandbox does not work for root, as in containers.
  chromium.launch({ executablePath, args: ARGUMENTS, chromiumSandbox: process.getuid?.() !== 0 });
