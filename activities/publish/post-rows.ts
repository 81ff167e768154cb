import type pg from 'pg';
import { v5 as uuidV5 } from 'uuid';
import type { Db } from '../../db/client.ts';
import { dropTurns, takeTurn } from '../../db/init-turn.repository.ts';
import { createNotification } from '../../db/notification.repository.ts';
import { changePost, dropInit, editPost as writeEdit, endPost, findWorkingPost, UNSENT_STATES } from '../../db/post-progress.repository.ts';
import type { BeginOutcome, PostEdit, PostState, PostUpdateAnswer, PublishStep, QuotaAnswer } from '../../domain/contracts/post.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { chunkAt } from '../../domain/publishing/chunk-plan.ts';
import { loadPost, stepKey, type PublishRef } from './working-post.ts';

/** A fixed name space of ours for ids of notifications. */
const NOTICES = '0d1f6b7e-35d5-4c43-9a43-6f3a0a1e9a55';
const CAPTION_SHOWN = 80;

/** Where a post's workflow goes on when it takes over a row in this state; null: nothing is left to do. */
const STEP_OF_STATE: Readonly<Record<PostState, PublishStep | null>> = {
  scheduled: 'wait',
  waiting_quota: 'wait',
  preparing: 'wait',
  uploading: 'upload',
  processing: 'poll',
  in_inbox: 'poll',
  unconfirmed: 'reconcile',
  published: null,
  failed: null,
  cancelled: null,
};

export interface PostStateChange {
  state: 'scheduled' | 'unconfirmed' | 'failed' | 'cancelled';
  code: ErrorCode | null;
  reason: string | null;
}

export interface PostRowsDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
}

/** The activities that only change rows of ours. */
export function createPostRows({ db, pool }: PostRowsDeps) {
  return {
    /** Takes the post up, whatever state it is in: a workflow that was lost is followed by one that goes on. */
    async beginPost(ref: Omit<PublishRef, 'run'>): Promise<BeginOutcome> {
      const post = await findWorkingPost(db, ref);
      if (!post) return { kind: 'ended', state: 'cancelled', reason: 'The post was deleted.' };
      const step = STEP_OF_STATE[post.state];
      if (step === null) return { kind: 'ended', state: post.state, reason: post.state_reason };
      const publish_at_ms = post.publish_at?.getTime() ?? null;
      await changePost(db, { ...ref, run: post.run }, {
        from: [post.state],
        set: post.state === 'scheduled' ? { state_code: null, state_reason: null } : {},
        note: { kind: 'scheduled', detail: publish_at_ms === null ? 'As soon as possible' : `For ${post.publish_at!.toISOString()}`, key: 'scheduled' },
      });
      const plan = { video_size: post.bytes_total ?? 0, chunk_size: post.chunk_size ?? 1, total_chunk_count: post.chunk_count ?? 0 };
      const next_chunk = step === 'upload' ? Math.min(chunkAt(plan, post.bytes_uploaded), Math.max(plan.total_chunk_count - 1, 0)) : 0;
      return { kind: 'begun', run: post.run, step, state: post.state, publish_at_ms, chunk_count: plan.total_chunk_count, next_chunk };
    },

    /** Writes a person's edit, unless init was sent. `publish_at_ms`: as it stands now. */
    async editPost(ref: PublishRef, edit: PostEdit): Promise<{ answer: PostUpdateAnswer; publish_at_ms: number | null }> {
      const row = await writeEdit(
        db,
        ref,
        {
          ...(edit.content ? { content: edit.content } : {}),
          ...(edit.publish_at !== undefined ? { publish_at: edit.publish_at === null ? null : new Date(edit.publish_at) } : {}),
          ...(edit.time_zone !== undefined ? { time_zone: edit.time_zone } : {}),
        },
        { kind: 'edited', detail: Object.keys({ ...edit, ...edit.content }).filter((field) => field !== 'content').join(', '), key: `edited:${stepKey()}` },
      );
      const publish_at = row ? row.publish_at : (await loadPost(db, ref)).publish_at;
      const answer: PostUpdateAnswer = row ? { ok: true } : { ok: false, code: 'post_not_editable', reason: ERRORS.post_not_editable.message };
      return { answer, publish_at_ms: publish_at?.getTime() ?? null };
    },

    /** Leave to call init. `turn`: one for each init; asked again, it keeps its place. */
    async takeInitTurn(ref: PublishRef, turn: number): Promise<QuotaAnswer> {
      const { mode } = await loadPost(db, ref);
      const answer = await takeTurn(db, { social_account_id: ref.social_account_id, post_id: ref.post_id, turn_key: `${ref.post_id}:${ref.run}:${turn}`, mode });
      if (answer.kind === 'granted') return answer;
      await waitInRow(db, ref, answer.code, answer.reason);
      return { kind: 'wait', wait_ms: answer.wait_ms, reason: answer.reason };
    },

    async setPostState(ref: PublishRef, { state, code, reason }: PostStateChange): Promise<void> {
      if (state === 'failed' || state === 'cancelled') {
        await endPost(db, ref, state, { code, reason });
        if (state === 'failed') await tellFailed({ db, pool }, ref);
      } else if (state === 'scheduled') {
        await changePost(db, ref, { from: UNSENT_STATES, set: { state, state_code: code, state_reason: reason } });
        await dropTurns(db, ref.post_id);
      } else {
        await changePost(db, ref, { set: { state, state_code: code, state_reason: reason }, note: { kind: 'unconfirmed', detail: reason, key: 'unconfirmed' } });
      }
    },

    /** What was begun at TikTok is dead: forgets it, so that a new init may be sent. */
    async abandonInit(ref: PublishRef, reason: string): Promise<void> {
      const { publish_id } = await loadPost(db, ref);
      if (publish_id !== null) await dropInit(db, ref, publish_id, reason);
    },
  };
}

/** Whoever scheduled it does not watch it; told once for each try. */
async function tellFailed({ db, pool }: PostRowsDeps, ref: PublishRef): Promise<void> {
  const { state, content, state_reason, run } = await loadPost(db, ref);
  if (state !== 'failed') return;
  const letters = [...content.caption];
  const caption = letters.length > CAPTION_SHOWN ? `${letters.slice(0, CAPTION_SHOWN).join('')}…` : content.caption;
  await createNotification(pool, {
    workspace_id: ref.workspace_id,
    action_id: uuidV5(`post-failed:${ref.post_id}:${run}`, NOTICES),
    livestream_id: null,
    message: `The post ${caption === '' ? ref.post_id : `“${caption}”`} was not published. ${state_reason ?? ''}`.trim(),
  });
}

/** Says in the row what a post waits for; once in its timeline for each cause. */
export async function waitInRow(db: Db, ref: PublishRef, code: ErrorCode, reason: string): Promise<void> {
  await changePost(db, ref, {
    from: UNSENT_STATES,
    set: { state: 'waiting_quota', state_code: code, state_reason: reason },
    note: { kind: 'waiting_quota', detail: reason, key: `waiting:${code}` },
  });
}
