import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { faultsOf } from './browser.ts';
import { eventually } from './eventually.ts';
import type { ApiClient } from './api-client.ts';
import type { MadeStream } from './stream-product.ts';

const LONG_MS = 60_000;

/** A page of /watch or /studio, and what went wrong in it that nobody asked for. */
class LivePage {
  readonly page: Page;
  readonly faults: string[];

  protected constructor(page: Page) {
    this.page = page;
    this.faults = faultsOf(page);
  }

  protected static async at(browser: Browser, { api, prepare, ...options }: OpenOptions): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1_300, height: 900 }, ...options });
    // As if they had signed in on another page of this tab.
    if (api) await context.addInitScript(`if (!sessionStorage.getItem('showrunner.token')) sessionStorage.setItem('showrunner.token', ${JSON.stringify(api.token)})`);
    const page = await context.newPage();
    page.setDefaultTimeout(LONG_MS);
    await prepare?.(page);
    return page;
  }

  close = (): Promise<void> => this.page.context().close();

  /** Waits until the page's status is this. */
  async is(state: string, by?: 'whep' | 'hls'): Promise<void> {
    try {
      await this.page.locator(`#status[data-state="${state}"]${by ? `[data-by="${by}"]` : ''}`).waitFor({ timeout: LONG_MS });
    } catch (error) {
      throw new Error(`The page never became ${state}${by ? ` by ${by}` : ''}; it says: ${(await this.page.locator('main').innerText()).slice(0, 500)}`, { cause: error });
    }
  }

  status = async (): Promise<string> => (await this.page.locator('#status').textContent()) ?? '';

  async write(message: string): Promise<void> {
    await this.page.getByLabel('Your message').fill(message);
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
    await eventually(async () => (await this.page.getByLabel('Your message').inputValue()) === '');
  }

  /** The message with this text. */
  message = (text: string): Locator => this.page.locator('.chat-list li').filter({ hasText: text });

  /** Whether everything fits into the window's width. */
  fits = (): Promise<boolean> => this.page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
}

export interface OpenOptions extends BrowserContextOptions {
  /** Whoever is signed in. */
  api?: ApiClient;
  /** Called with the page before it is opened. */
  prepare?: (page: Page) => Promise<void>;
}

export class WatchPage extends LivePage {
  static async open(browser: Browser, stream: Pick<MadeStream, 'urls'>, { token, ...options }: OpenOptions & { token?: string } = {}): Promise<WatchPage> {
    const watch = new WatchPage(await LivePage.at(browser, options));
    await watch.page.goto(stream.urls.watch + (token ? `?token=${encodeURIComponent(token)}` : ''));
    return watch;
  }

  /** Frames that the player has shown since the page was opened, or since it changed its source. */
  frames = (): Promise<number> => this.page.evaluate("document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames");

  /** Waits until so many more frames were shown. */
  async shows(more = 15): Promise<void> {
    let before = Number.POSITIVE_INFINITY;
    await eventually(
      async () => {
        const now = await this.frames();
        // A new source counts from nothing.
        before = Math.min(before, now);
        return now - before >= more;
      },
      { timeoutMs: LONG_MS, intervalMs: 100 },
    );
  }
}

export class StudioPage extends LivePage {
  static async open(browser: Browser, stream: Pick<MadeStream, 'urls'>, options: OpenOptions = {}): Promise<StudioPage> {
    const studio = new StudioPage(await LivePage.at(browser, options));
    await studio.page.goto(stream.urls.studio);
    return studio;
  }

  async goLive(): Promise<void> {
    await this.page.getByRole('button', { name: 'Go live' }).click();
    await this.is('live');
  }
}
