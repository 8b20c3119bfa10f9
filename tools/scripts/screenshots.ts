/** `npm run screenshots`: the pictures of the page that README.md shows. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page as BrowserPage } from 'playwright-core';
import { runTool, UsageError } from '../cli/command.ts';
import { findBrowser, openBrowser } from '../playground/browser.ts';
import { Playground } from '../playground/playground.ts';
import { startPage } from '../playground/server.ts';
import { build } from '../shared/build.ts';
import { ROOT } from '../shared/manifest.ts';

const HELP = `Usage: npm run screenshots

Opens the page of npm start in Chromium or Chrome, logs users in, breaks a destination, and writes what is to be seen
to tools/playground/screenshots/.

  --help   this text`;

const FOLDER = path.join(ROOT, 'tools/playground/screenshots');

const DESKTOP = { width: 1440, height: 1000 };
/** Logins every few seconds. */
const BUSY_WHILE = [9, 14, 6, 11, 17, 8, 12];
const PAUSE_MS = 3000;
const PHONE = { width: 360, height: 780 };

/** A morning at the tenant: sign-ups, a busy while, and a destination that is down. */
const playMorning = async (playground: Playground): Promise<void> => {
  const [first, second] = playground.state().destinations.map(({ name }) => name) as [string, string];
  for (const logins of BUSY_WHILE) {
    await playground.logInMany(logins);
    await sleep(PAUSE_MS);
  }
  playground.setMode(first, 'fails');
  playground.setMode(second, 'refuses');
  const mary = playground.addUser('Mary Jackson', 'google-oauth2');
  await playground.logIn({ user: mary, application: 'Mobile app' });
  await playground.logIn({ user: 'auth0|ada', application: 'Web shop', kind: 'sso' });
  playground.setMode(first, 'up');
  await playground.logIn({ user: mary, application: 'Web shop', organization: 'org_acme' });
  await playground.logIn({ user: 'auth0|ada', application: 'Mobile app', kind: 'refresh' });
};

const openDetails = async (page: BrowserPage): Promise<void> => {
  await page.getByRole('button', { name: 'of Mary' }).first().click();
  await page.locator('.run-details').first().waitFor();
};

await runTool(HELP, {}, async () => {
  const executable = findBrowser();
  if (!executable) throw new UsageError('There is no Chromium here: install it, or Chrome');
  mkdirSync(FOLDER, { recursive: true });
  await build();
  const playground = await Playground.open();
  const [server, browser] = await Promise.all([startPage(playground), openBrowser(executable)]);
  try {
    await playMorning(playground);
    for (const [name, viewport, colorScheme, prepare] of [
      ['light', DESKTOP, 'light', undefined],
      ['dark', DESKTOP, 'dark', undefined],
      ['login', DESKTOP, 'light', openDetails],
      ['phone', PHONE, 'light', undefined],
    ] as const) {
      const page = await browser.newPage({ viewport, colorScheme });
      await page.goto(server.url);
      await page.getByRole('heading', { name: 'Destinations' }).waitFor();
      await prepare?.(page);
      const file = path.join(FOLDER, `${name}.png`);
      await page.screenshot({ path: file, animations: 'disabled' });
      await page.close();
      console.log(path.relative(ROOT, file));
    }
  } finally {
    await browser.close();
    await Promise.all([server.close(), playground.close()]);
  }
  return 0;
});
