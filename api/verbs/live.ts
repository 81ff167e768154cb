import { z } from 'zod';
import { readAppUsers } from '../../db/app-user.repository.ts';
import { hideOpenStreams, insertLiveCall, listLiveStreams, listOpenStreams, type LiveStream } from '../../db/live.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { findStream, type StreamRow } from '../../db/stream.repository.ts';
import type { StreamVisibility } from '../../domain/contracts/stream.ts';
import type { ApiConfig } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { toIdPage } from '../paging.ts';
import { issuePlayToken } from '../play-token.ts';
import { forgetStream } from '../stream-read.ts';
import { changeStream, makeStream, removeStream, type StreamEditor } from '../stream-change.ts';
import { rtmpWithKey, signedUrls, streamUrls } from '../stream-urls.ts';
import { EXAMPLE_STREAM_ID } from './coin-examples.ts';
import { flag, PAGE_SIZE, text } from './fields.ts';
import { idAfter, listPage, PAGE_FIELDS, PAGING_NOTE } from './pages.ts';
import { EXAMPLE_USER } from './people-examples.ts';
import { maybeId } from './profile-fields.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';
import { textOf, timeOf, userView } from './views.ts';

const EXAMPLE_KEY = 'sk_3k9d2mfpq8x7c1v5';
const EXAMPLE_HLS = `https://media.example.com/hls/${EXAMPLE_STREAM_ID}/index.m3u8`;

const liveStream = defineVerb({
  name: 'liveStream',
  summary: 'Begins to be live: where to publish, and where to watch',
  description:
    'Publish by RTMP to `rtmp_url` (the key is in it), or by WHIP to `whip_url` with `stream_key` as bearer token. `privacy` is public or private: private, and whatever it says for a private account, it is for followers alone, ' +
    'and `playback_url` holds a token of its viewer. `record` 1 (where absent) makes a video of it afterwards. `notify_followers` 1 tells them once it is on air. One is live once: what was open before is ended.',
  access: 'user',
  input: z.object({
    title: text(200).optional(),
    privacy: z.enum(['public', 'private'], 'must be public or private').or(z.literal('')).optional(),
    record: flag.optional(),
    notify_followers: flag.optional(),
  }),
  turns_per_minute: 10,
  example: {
    request: { title: 'Friday live', privacy: 'public', record: '1', notify_followers: '1' },
    msg: {
      streaming_id: EXAMPLE_STREAM_ID,
      rtmp_url: `rtmp://media.example.com:1935/live/${EXAMPLE_KEY}`,
      playback_url: EXAMPLE_HLS,
      stream_key: EXAMPLE_KEY,
      whip_url: 'https://media.example.com/whip',
    },
  },
  async run(call, { title, privacy, record = true, notify_followers = false }) {
    const { deps, workspace_id, user } = call;
    const by = editorOf(call);
    await endOpen(call, by);
    const visibility: StreamVisibility = privacy === 'private' || user.is_private ? 'private' : 'public';
    const draft = { workspace_id, user_id: user.id, title: title || `${user.username} is live`, description: null, thumbnail: null, scheduled_for: null, record, latency: 'low' as const, visibility };
    const { stream, key } = await makeStream(deps, draft, by);
    await hideLives(call);
    if (notify_followers) await insertLiveCall(deps.db, { stream_id: stream.id, workspace_id, user_id: user.id });
    const { playback_url } = await playback((await findStream(deps.db, stream.id)) ?? stream, deps.config);
    return { streaming_id: stream.id, rtmp_url: rtmpWithKey(key, deps.config), playback_url, stream_key: key, whip_url: streamUrls(stream.id, null, deps.config).whip };
  },
});

/** An app's user is no member: they may change what they made. */
const editorOf = ({ workspace_id, user, request_id, log }: VerbCall): StreamEditor => ({ user_id: user.id, workspace: { id: workspace_id, role: 'member', plan_tier: 'free' }, request_id, log });

/** Lives of a private account are for its followers. After either was written: of two at once the later one sees both. */
export async function hideLives({ deps, workspace_id, user }: Pick<VerbCall, 'deps' | 'workspace_id' | 'user'>): Promise<void> {
  for (const id of await hideOpenStreams(deps.db, workspace_id, user.id)) await forgetStream(deps, { id, workspace_id });
}

/** What nobody publishes to is taken away, what is on air ends. */
async function endOpen({ deps, workspace_id, user }: VerbCall, by: StreamEditor): Promise<void> {
  for (const { id } of await listOpenStreams(deps.db, workspace_id, user.id)) {
    const stream = await findStream(deps.db, id);
    if (stream) await endOne(deps, stream, by);
  }
}

async function endOne(deps: VerbCall['deps'], stream: StreamRow, by: StreamEditor): Promise<void> {
  try {
    if (stream.status === 'waiting') return await removeStream(deps, stream, by);
  } catch (error) {
    // It went on air meanwhile.
    if (!(error instanceof ApiError && error.code === 'stream_not_deletable')) throw error;
  }
  await changeStream(deps, stream, { status: 'ended' }, by);
}

/** Where a viewer watches, and the token that what is not for everybody asks for; '' where none is needed. */
async function playback({ id, host_url, visibility }: Pick<StreamRow, 'id' | 'host_url' | 'visibility'>, config: ApiConfig): Promise<{ playback_url: string; play_token: string }> {
  const urls = streamUrls(id, host_url, config);
  if (visibility === 'public') return { playback_url: urls.hls, play_token: '' };
  const { token } = await issuePlayToken(id, config);
  return { playback_url: signedUrls(urls, token).hls, play_token: token };
}

const endLiveStream = defineVerb({
  name: 'endLiveStream',
  summary: 'Ends being live',
  description: 'Without `streaming_id` whatever is open. What is over already stays so: said twice, it is no fault.',
  access: 'user',
  input: z.object({ streaming_id: maybeId }),
  turns_per_minute: 30,
  example: { request: { streaming_id: EXAMPLE_STREAM_ID }, msg: { streaming_id: EXAMPLE_STREAM_ID, ended: '1' } },
  async run(call, { streaming_id }) {
    const { deps, workspace_id, user } = call;
    const by = editorOf(call);
    if (streaming_id === null) {
      await endOpen(call, by);
      return { streaming_id: '', ended: '1' };
    }
    const stream = await findStream(deps.db, streaming_id);
    if (stream?.workspace_id !== workspace_id || stream.user_id !== user.id) throw new ApiError('stream_not_live');
    if (stream.status !== 'ending' && stream.status !== 'ended') await endOne(deps, stream, by);
    return { streaming_id, ended: '1' };
  },
});

const showLiveStreams = defineVerb({
  name: 'showLiveStreams',
  summary: 'Who is live, the latest first',
  description: `Those that the user may watch: public ones, and private ones of whom they follow. Gifts are sent to \`streaming_id\`, and its chat is joined by it over Socket.IO; \`play_token\` of a private one goes along with \`join\`. ${PAGING_NOTE}`,
  access: 'user',
  input: z.object(PAGE_FIELDS),
  turns_per_minute: 120,
  example: {
    request: { starting_point: '0' },
    msg: {
      LiveStreams: [
        { LiveStream: { streaming_id: EXAMPLE_STREAM_ID, title: 'Friday live', status: 'live', privacy: 'public', viewers: '42', playback_url: EXAMPLE_HLS, play_token: '', started: '2026-03-14 20:00:00' }, User: EXAMPLE_USER },
      ],
      next: '',
    },
  },
  async run(call, input) {
    const { deps, workspace_id, user } = call;
    const { entries, next } = await listPage(call, 'live', input, async (start) => {
      const rows = await listLiveStreams(deps.db, { workspace_id, viewer_id: user.id, before: idAfter(start), offset: start.skip, limit: PAGE_SIZE + 1 });
      const { items, next_cursor } = toIdPage(rows, PAGE_SIZE, (row) => row);
      return { entries: items, next: next_cursor };
    });
    const owners = [...new Set(entries.map(({ user_id }) => user_id))];
    const [people, relationships] = await Promise.all([readAppUsers(deps.db, workspace_id, owners), relationshipsOf(deps.db, user.id, owners)]);
    const views = await Promise.all(
      entries.flatMap((stream) => {
        const owner = people.get(stream.user_id);
        return owner ? [liveView(stream, deps.config).then((LiveStream) => ({ LiveStream, User: userView(owner, relationships.get(owner.id)) }))] : [];
      }),
    );
    return { LiveStreams: views, next: next ?? '' };
  },
});

const liveView = async (stream: LiveStream, config: ApiConfig) => ({
  streaming_id: stream.id,
  title: stream.title,
  status: stream.status,
  privacy: stream.visibility,
  viewers: textOf(stream.viewer_count),
  ...(await playback(stream, config)),
  started: timeOf(stream.start_time),
});

export const liveVerbs: readonly Verb[] = [liveStream, endLiveStream, showLiveStreams];
