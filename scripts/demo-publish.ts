import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoApi } from './demo/api.ts';
import { register } from './demo/person.ts';
import { until } from './demo/until.ts';
import { writeClip } from './demo/clip.ts';
import { consent } from './demo/consent.ts';
import { followPost, type LifeEvents } from './demo/post-life.ts';
import { megabytes, Publication } from './demo/publication.ts';
import { runDemo } from './demo/run-demo.ts';
import { openScreen } from './demo/screen.ts';
import type { DemoTarget } from './demo/target.ts';
import { StartError } from './supervisor/start-error.ts';

const PAGE = '/crm/social/tiktok';
const USERNAME = 'showrunner_demo';
const CAPTION = 'Good morning from Showrunner #sunrise #demo';

interface Account {
  id: string;
  username: string | null;
}
interface CreatorInfo {
  nickname: string;
  privacy_level_options: string[];
  max_video_post_duration_s: number;
}
interface Totals {
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}

async function connect(api: DemoApi, apiUrl: string): Promise<{ account: Account; creator: CreatorInfo }> {
  const scopes = await consent({ apiUrl, token: api.token, page: PAGE, username: USERNAME });
  const { items } = await api.get<{ items: Account[] }>('/api/social-accounts');
  const account = items[0];
  if (!account) throw new StartError('TikTok’s sandbox gave its consent, and no account is there.');
  const creator = await api.get<CreatorInfo>(`/api/social-accounts/${account.id}/creator-info`);
  console.log(`Connected @${account.username} with ${scopes.length} scopes. TikTok allows “${creator.nickname}” now: ${creator.privacy_level_options.join(', ')}; at most ${creator.max_video_post_duration_s} s.`);
  return { account, creator };
}

async function upload(api: DemoApi, path: string, account: Account, creator: CreatorInfo, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  const metadata = { social_account_ids: [account.id], caption: CAPTION, privacy_level: creator.privacy_level_options[0], is_aigc: true };
  form.append('metadata', JSON.stringify(metadata));
  form.append('file', await openAsBlob(path, { type: 'video/mp4' }), 'sunrise.mp4');
  const { items } = await api.upload<{ items: { id: string }[] }>('/api/posts', form, signal);
  return items[0]!.id;
}

interface Outcome {
  permalink: string | null;
  numbers: Totals | null;
}

/** From the upload to the first numbers, each step on the screen as it comes. */
async function show(api: DemoApi, publication: Publication, send: () => Promise<string>, signal: AbortSignal): Promise<Outcome> {
  const screen = openScreen(process.stdout, () => publication.statusLine);
  const tell = (text: string): void => screen.line(`  ${publication.seconds.padStart(5)} s  ${text}`);
  try {
    const postId = await send();
    tell('Showrunner has the file');
    const events: LifeEvents = {
      timeline: (entry) => tell(publication.entry(entry)),
      progress: (progress) => {
        const state = publication.take(progress);
        if (state) tell(state);
      },
    };
    await followPost(api, postId, events, signal);
    if (publication.progress?.state !== 'published') return { permalink: null, numbers: null };
    const permalink = await until(async () => (await api.get<{ permalink: string | null }>(`/api/posts/${postId}`)).permalink, signal);
    if (permalink) tell(`permalink       ${permalink}`);
    const numbers = await until(async () => (await api.get<{ items: { totals: Totals }[] }>(`/api/posts/${postId}/metrics`)).items.at(-1)?.totals ?? null, signal);
    return { permalink, numbers };
  } finally {
    screen.close();
  }
}

async function publish(target: DemoTarget, folder: string, stopped: AbortSignal): Promise<boolean> {
  const api = new DemoApi(target.apiUrl);
  const person = await register(api);
  const { account, creator } = await connect(api, target.apiUrl);
  const clip = await writeClip(join(folder, 'sunrise.mp4'));
  console.log(`Wrote a clip of ${clip.seconds} s, ${megabytes(clip.size_bytes)}. Publishing it:\n`);
  const publication = new Publication();
  const outcome = await show(api, publication, () => upload(api, clip.path, account, creator, stopped), stopped);
  summarise(publication, outcome, clip.size_bytes);
  const where = target.isOurs ? 'Look around with npm start' : 'Look around';
  console.log(`${where}: ${target.apiUrl}${PAGE}, signed in as ${person.email} with password ${person.password}\n`);
  return outcome.permalink !== null && outcome.numbers !== null;
}

function summarise(publication: Publication, { permalink, numbers }: Outcome, size: number): void {
  const rows: [string, string][] = [
    ['States', publication.states],
    ['Upload', `${megabytes(size)} in ${publication.chunks} chunk${publication.chunks === 1 ? '' : 's'}`],
    ['Permalink', permalink ?? 'none in time'],
    ['First numbers', numbers ? `views ${numbers.view_count}, likes ${numbers.like_count}, comments ${numbers.comment_count}, shares ${numbers.share_count}` : 'none in time'],
    ['All of it took', `${publication.seconds} s`],
  ];
  console.log(`\nSummary\n\n${rows.map(([name, value]) => `  ${name.padEnd(16)}${value}`).join('\n')}\n`);
}

runDemo({
  find: () => Promise.resolve({ needsBroker: false }),
  async play(target, stopped) {
    const folder = await mkdtemp(join(tmpdir(), 'showrunner-demo-'));
    try {
      return await publish(target, folder, stopped);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  failure: 'The post did not get as far as its first numbers: the reason is above, and more is in the logs below .data/logs.',
});
