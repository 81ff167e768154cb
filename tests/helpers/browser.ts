import { chromium, type Browser, type Page } from 'playwright-core';
import { onPath } from '../../scripts/media/debian-packages.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** No window, and nothing that a browser does on the network by itself. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** A camera and a microphone that are made up, and nobody who must allow them. */
export const FAKE_DEVICES = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--auto-select-desktop-capture-source=Entire screen'];

/** A real Chromium without a window, with an empty profile of its own. @throws saying what to install where there is none */
export async function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || NAMES.map(onPath).find((path) => path !== null);
  if (!executablePath) {
    throw new Error(`The tests of the page need a Chromium: install one (Debian: apt-get install chromium), or name it in CHROMIUM_PATH. Looked on PATH for ${NAMES.join(', ')}.`);
  }
  return chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
}

/** What went wrong in a page that nobody asked for: scripts that threw, and what its own policy refused. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`threw: ${error.message}`));
  page.on('console', (message) => {
    // Chromium reports each answer of 400 and above; those are the API's business.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  return faults;
}
