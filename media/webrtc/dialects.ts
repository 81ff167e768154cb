import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import { openSite, type StageSite } from './stage-site.ts';

/** Browsers of one make and version number their codecs alike; nobody may open routers by inventing numbers. */
const MOST_DIALECTS = 32;

interface Dialect {
  readonly site: Promise<StageSite>;
  users: number;
}

/**
 * Routers beside a stage's router, each for payload types of its own. A player that offers first (WHEP) names the payload types that
 * it takes (RFC 3264, 5.1), while mediasoup numbers them for a whole router: https://github.com/versatica/mediasoup/issues/1126
 */
export class Dialects {
  readonly #dialects = new Map<string, Dialect>();
  readonly #open = new Set<StageSite>();

  get sites(): readonly StageSite[] {
    return [...this.#open];
  }

  /** @throws AppError media_full, media_worker_died @returns the dialect's router, and how to leave it */
  async take(beside: StageSite, codecs: types.RouterRtpCodecCapability[]): Promise<{ site: StageSite; leave: () => void }> {
    const key = JSON.stringify(codecs);
    const dialect = this.#dialects.get(key) ?? this.#begin(key, beside, codecs);
    dialect.users += 1;
    try {
      const site = await dialect.site;
      this.#open.add(site);
      return { site, leave: () => this.#leave(key, dialect) };
    } catch (error) {
      this.#leave(key, dialect);
      throw error;
    }
  }

  close(): void {
    for (const site of this.#open) site.router.close();
  }

  #begin(key: string, { home }: StageSite, codecs: types.RouterRtpCodecCapability[]): Dialect {
    if (this.#dialects.size >= MOST_DIALECTS) throw new AppError('media_full', 'Too many kinds of players watch this stream at once.');
    const dialect = { users: 0, site: openSite(home, codecs) };
    this.#dialects.set(key, dialect);
    return dialect;
  }

  #leave(key: string, dialect: Dialect): void {
    dialect.users -= 1;
    if (dialect.users > 0) return;
    if (this.#dialects.get(key) === dialect) this.#dialects.delete(key);
    dialect.site.then(
      (site) => {
        this.#open.delete(site);
        site.router.close();
      },
      // It was never opened: who asked for it was told.
      () => undefined,
    );
  }
}
