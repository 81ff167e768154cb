import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { adoptPublishedVideos, listDueVideos, recordVideoSamples, type DueVideo } from '../../db/metrics.repository.ts';
import { dueBefore, MISSES_UNTIL_GONE, nextSampleAt } from '../../domain/analytics/sampling.ts';
import type { SampleInput, SampleOutcome } from '../../domain/contracts/analytics.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { outcomeOfFailure, whyNotSampled } from './sampling-account.ts';

const SCOPE = 'video.list';
/** https://developers.tiktok.com/doc/tiktok-api-v2-video-query: at most 20 ids a call. */
const BATCH = 20;
/** Calls of one round; what is left over is the most overdue of the next one. */
const MAX_BATCHES = 250;

export interface VideoSamplingDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'queryVideos'>;
  calls: AccountCalls;
  everyMs?: number;
}

export function createVideoSampling({ db, tiktok, calls, everyMs }: VideoSamplingDeps) {
  return {
    /**
     * Asks TikTok for the numbers of the account's videos that are due, 20 at a time, and keeps them. A video that it left out
     * twice in a row is gone, and is never asked for again.
     * @throws ApplicationFailure, retryable, where TikTok does not answer now; what was written by then is kept
     */
    sampleVideos: (input: SampleInput): Promise<SampleOutcome> =>
      heartbeating(async () => {
        const refusal = await whyNotSampled(db, input, SCOPE);
        if (refusal) return refusal;
        const signal = Context.current().cancellationSignal;
        const at = new Date(input.sampled_at_ms);
        const due = dueBefore(at, everyMs);
        await adoptPublishedVideos(db, input.workspace_id, input.social_account_id, at);

        const total = { rows: 0, gone: 0 };
        for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
          const videos = await listDueVideos(db, input.social_account_id, due, BATCH);
          if (videos.length === 0) break;
          const ids = videos.map(({ video_id }) => video_id);
          const answer = await calls.withToken(input.social_account_id, { scope: SCOPE, signal }, (token) => tiktok.queryVideos(token, ids, signal));
          if (!answer.ok) return outcomeOfFailure(answer);
          const returned = new Map(answer.value.map((video) => [video.id, video]));
          const samples = videos.map((video) => ({ video_id: video.video_id, next_sample_at: nextTime(video, at), counts: returned.get(video.video_id) ?? null }));
          const written = await recordVideoSamples(db, input.social_account_id, { at, due, misses_until_gone: MISSES_UNTIL_GONE, samples });
          total.rows += written.rows;
          total.gone += written.gone;
        }
        return { kind: 'sampled', ...total };
      }),
  };
}

const nextTime = ({ published_at }: DueVideo, at: Date): Date | null => nextSampleAt(published_at, at);
