/** `npm run screenshots`: the pictures of the playground in README.md. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { findBrowser, openBrowser } from '../playground/browser.ts';
import { Playground } from '../playground/playground.ts';
import { startPlaygroundServer } from '../playground/server.ts';
import { build } from '../shared/build.ts';
import { ROOT } from '../shared/manifest.ts';
import { runScript } from '../shared/script.ts';
import { UsageError } from '../shared/usage-error.ts';
import { ADA, MOBILE, WEB } from '../simulator/personas.ts';

const HELP = `Usage: npm run screenshots

Opens the playground in Chromium or Chrome, logs users in, breaks destinations, and writes screenshots to
tools/playground/screenshots/.

  --help   show this text`;

const FOLDER = path.join(ROOT, 'tools/playground/screenshots');

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Numbers of random logins, a few seconds apart, so that the charts have several bars. */
const BATCHES = [9, 14, 6, 11, 17, 8, 12];
const BATCH_INTERVAL_MS = 3000;

/** Random logins, then an outage of one destination, its recovery, rejections by another, and a sign-up that reaches all. */
const logUsersIn = async (playground: Playground): Promise<void> => {
  for (const logins of BATCHES) {
    await playground.logInAtRandom(logins);
    await sleep(BATCH_INTERVAL_MS);
  }
  playground.setMode('splunk', 'fails');
  playground.setMode('mixpanel', 'rejects');
  const mary = playground.addUser('Mary Jackson', 'google-oauth2');
  await playground.logIn({ user: mary, application: MOBILE });
  await playground.logIn({ user: ADA, application: WEB, kind: 'sso' });
  playground.setMode('splunk', 'up');
  await playground.logIn({ user: mary, application: WEB, organization: 'org_acme' });
  playground.setMode('mixpanel', 'up');
  await playground.logIn({
    user: playground.addUser('Katherine Johnson', 'google-oauth2'),
    application: WEB,
    organization: 'org_acme',
    request: { query: { 'ext-anonymous_id': 'visitor-42', utm_source: 'newsletter' } },
  });
};

const openDetails = async (page: Page): Promise<void> => {
  await page.locator('tbody tr').first().getByRole('button').nth(1).click();
  await page.locator('.run-details').first().waitFor();
  await page.locator('.details').scrollIntoViewIfNeeded();
};

await runScript(HELP, {}, async () => {
  const executable = findBrowser();
  if (!executable) throw new UsageError('Neither Chromium nor Chrome is installed');
  mkdirSync(FOLDER, { recursive: true });
  await build();
  const playground = await Playground.open();
  const [server, browser] = await Promise.all([startPlaygroundServer(playground), openBrowser(executable)]);
  try {
    await logUsersIn(playground);
    for (const [name, viewport, colorScheme, prepare] of [
      ['light', DESKTOP, 'light', undefined],
      ['dark', DESKTOP, 'dark', undefined],
      ['login', DESKTOP, 'light', openDetails],
      ['phone', PHONE, 'light', undefined],
    ] as const) {
      const page = await browser.newPage({ viewport, colorScheme });
      await page.goto(server.entryUrl);
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
