import { expect, test } from '@jest/globals';
import { matchVideo } from '../../domain/publishing/match-video.ts';
import { videoOf } from '../helpers/fake-publishing.ts';

const INIT = 1_750_000_000_000;
const wanted = (over: Partial<Parameters<typeof matchVideo>[0]> = {}) => ({ caption: 'A clip #test', post_ids: [], init_sent_at_ms: INIT, ...over });
const NONE = new Set<string>();
const video = (id: string, text: string, create_time: number) => videoOf({ id, video_description: text, create_time });

test('the first video with its caption since init is the post', () => {
  const videos = [video('3', 'A clip  #test ', INIT / 1_000 + 60), video('2', 'A clip #test', INIT / 1_000 + 10), video('1', 'A clip #test', INIT / 1_000 - 60)];
  expect(matchVideo(wanted(), videos, NONE)?.id).toBe('2');
});

test('an older one, another post’s and another caption are not', () => {
  const videos = [video('3', 'A clip #test and more', INIT / 1_000 + 5), video('2', 'A clip #test', INIT / 1_000 + 5), video('1', 'A clip #test', INIT / 1_000 - 60)];
  expect(matchVideo(wanted(), videos, new Set(['2']))).toBeNull();
});

test('an id that TikTok named settles it, whatever the caption', () => {
  expect(matchVideo(wanted({ post_ids: ['9'] }), [video('9', 'edited', 0)], NONE)?.id).toBe('9');
});

test('a long caption is known by what TikTok’s list leaves of it', () => {
  const caption = 'word '.repeat(200).trim();
  expect(matchVideo(wanted({ caption }), [video('1', caption.slice(0, 150), INIT / 1_000)], NONE)?.id).toBe('1');
  expect(matchVideo(wanted({ caption }), [video('1', `${caption.slice(0, 147)}…`, INIT / 1_000)], NONE)?.id).toBe('1');
  expect(matchVideo(wanted({ caption }), [video('1', 'word word', INIT / 1_000)], NONE)).toBeNull();
});

test('a post without a caption is not guessed: any video without one would do', () => {
  expect(matchVideo(wanted({ caption: '' }), [video('1', '', INIT / 1_000)], NONE)).toBeNull();
});
