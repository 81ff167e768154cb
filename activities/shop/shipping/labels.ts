import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Context } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { beginLabel, deleteLabel, finishLabel, listExpiredLabels } from '../../../db/shipment-label.repository.ts';
import type { ShopFailure, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { FetchLabelInput, LabelStep } from '../../../domain/contracts/shop-shipping.ts';
import { isAnsweredAtOnce } from '../../../domain/shop/shipment.ts';
import type { MediaStorage } from '../../../media/storage.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { ShippingClient } from './at-tiktok.ts';

export interface LabelDeps {
  db: Db;
  tiktok: Pick<ShippingClient, 'shippingDocument' | 'downloadDocument'>;
  calls: ShopCalls;
  media: Pick<MediaStorage, 'put' | 'delete'>;
}

/** A label holds a buyer's address: with a sweep each half hour none is a day old. */
const LABEL_LIFE_MS = 23 * 3_600_000;
const MAX_LABEL_BYTES = 20 * 1024 * 1024;
const SWEPT_AT_ONCE = 100;

export function createLabels({ db, tiktok, calls, media }: LabelDeps) {
  return {
    /** Asks TikTok for the document once, and stores its bytes, which never leave this activity otherwise. */
    fetchLabelOnce: (input: FetchLabelInput): Promise<LabelStep> =>
      heartbeating(async () => {
        const signal = Context.current().cancellationSignal;
        const document = await download(input, signal);
        return document.ok ? { kind: 'stored', label_id: await store(input, document.value) } : stepAfter(document);
      }),

    /** Deletes labels whose time is over, file before row. @returns how many */
    async sweepExpiredLabels(): Promise<number> {
      const context = Context.current();
      for (let deleted = 0; ; ) {
        const expired = await listExpiredLabels(db, SWEPT_AT_ONCE);
        if (expired.length === 0) return deleted;
        for (const { id, storage_key } of expired) {
          await media.delete(storage_key);
          await deleteLabel(db, id);
          deleted += 1;
        }
        context.heartbeat(deleted);
        context.cancellationSignal.throwIfAborted();
      }
    },
  };

  async function download({ channel_id, package_id, type, size }: FetchLabelInput, signal: AbortSignal): Promise<ShopResult<Buffer>> {
    const document = await calls.withShop(channel_id, { signal }, (access) => tiktok.shippingDocument(access, package_id, { type, ...(size ? { size } : {}) }, signal));
    return document.ok ? tiktok.downloadDocument(document.value, signal) : document;
  }

  async function store({ workspace_id, channel_id, package_id, type, size }: FetchLabelInput, bytes: Buffer): Promise<string> {
    const storageKey = `${workspace_id}/label-${randomUUID()}`;
    const id = await beginLabel(db, { workspace_id, channel_id, package_id, type, size }, storageKey, LABEL_LIFE_MS);
    const { size_bytes } = await media.put(storageKey, Readable.from([bytes]), MAX_LABEL_BYTES);
    await finishLabel(db, id, size_bytes);
    return id;
  }
}

function stepAfter({ code, reason, retry, retry_after_ms }: ShopFailure): LabelStep {
  return retry === 'never' || isAnsweredAtOnce(code) ? { kind: 'refused', code, reason } : { kind: 'later', after_ms: retry_after_ms, code, reason };
}
