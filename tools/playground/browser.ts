import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, other distributions, macOS and Windows put Chromium or Chrome. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Chromium keeps to itself, without look-ups, updates or reports, and to few processes: it shows one page. */
const MODEST = [
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

/** Path of the browser on this machine, if there is one. */
export const findBrowser = (): string | undefined => PLACES.find((place) => existsSync(place));

/** A headless browser with a profile of its own, which is gone when it is closed. */
export const openBrowser = (executablePath: string): Promise<Browser> =>
  // Chromium's sandbox does not work for root, who runs it in containers.
  chromium.launch({ executablePath, args: MODEST, chromiumSandbox: process.getuid?.() !== 0 });
