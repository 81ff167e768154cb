import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashtagsOf, MAX_HASHTAGS, MAX_MENTIONS, mentionsOf } from '../../domain/social/hashtags.ts';
import { withQuery } from '../../domain/social/playlist.ts';
import { countedWatch, ladderOf, MAX_LOOPS, mayComment, shownPicture } from '../../domain/social/video.ts';
import { isHdr, pictureFilter } from '../../media/app-video/picture-filter.ts';

describe('Hashtags of a text', () => {
  test.each<[string, string[]]>([
    ['My #New lamp #DIY', ['new', 'diy']],
    ['#a#b', ['a']],
    ['#twice #Twice', ['twice']],
    ['#Größe #日本 #हिन्दी', ['größe', '日本', 'हिन्दी']],
    ['no#tag, https://x.example/#part, &#39; # alone', ['part']],
    ['', []],
  ])('%j', (text, tags) => expect(hashtagsOf(text)).toEqual(tags));

  test('two ways to write the same letter are one tag', () => expect(hashtagsOf('#caf\u00e9 #cafe\u0301')).toEqual(['caf\u00e9']));

  test('whatever is written: lower case, each once, not too many, all of them in the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const tags = hashtagsOf(text);
        expect(new Set(tags).size).toBe(tags.length);
        expect(tags.length).toBeLessThanOrEqual(MAX_HASHTAGS);
        for (const tag of tags) expect(text.normalize('NFC').toLowerCase()).toContain(`#${tag}`);
      }),
    );
    expect(hashtagsOf(Array.from({ length: 100 }, (_, index) => `#t${index}`).join(' '))).toHaveLength(MAX_HASHTAGS);
  });
});

test('Mentions are usernames: of addresses and behind dots none, and a sentence’s end is not the name’s', () => {
  expect(mentionsOf('@Ada and @bob.stone. mail me@home.example, x.@eve @a @ada')).toEqual(['ada', 'bob.stone']);
  expect(mentionsOf(Array.from({ length: 50 }, (_, index) => `@user${index}`).join(' '))).toHaveLength(MAX_MENTIONS);
});

describe('A picture is shown', () => {
  test.each<[string, Parameters<typeof shownPicture>[0], object | null]>([
    ['as it is', { width: 1280, height: 720, avg_frame_rate: '30000/1001' }, { width: 1280, height: 720, frame_rate: 30000 / 1001 }],
    ['upright where the phone says so', { width: 1920, height: 1080, avg_frame_rate: '30/1', side_data_list: [{}, { rotation: -90 }] }, { width: 1080, height: 1920 }],
    ['upside down without another shape', { width: 640, height: 360, side_data_list: [{ rotation: 180 }] }, { width: 640, height: 360 }],
    ['with square pixels', { width: 720, height: 576, sample_aspect_ratio: '16:15', avg_frame_rate: '25/1' }, { width: 768, height: 576 }],
    ['at 30 where its rate is unknown', { width: 100, height: 100, avg_frame_rate: '0/0', sample_aspect_ratio: '0:1' }, { width: 100, height: 100, frame_rate: 30 }],
    ['not at all without a size', {}, null],
  ])('%s', (_how, track, shown) => (shown === null ? expect(shownPicture(track)).toBeNull() : expect(shownPicture(track)).toMatchObject(shown)));
});

describe('The ladder', () => {
  test.each<[[number, number], string[]]>([
    [[1080, 1920], ['high 720x1280', 'low 360x640']],
    [[1920, 1080], ['high 1280x720', 'low 640x360']],
    [[640, 360], ['high 640x360']],
    [[480, 854], ['high 480x854', 'low 360x640']],
    [[101, 99], ['high 102x100']],
    [[4000, 20], ['high 1728x8', 'low 864x4']],
    [[2, 2], ['high 2x2']],
  ])('of %j', ([width, height], steps) => expect(ladderOf({ width, height, frame_rate: 30 }).map((step) => `${step.name} ${step.width}x${step.height}`)).toEqual(steps));

  test('never makes a picture larger, nor of another shape, nor of odd sides', () => {
    const side = fc.integer({ min: 16, max: 8_192 });
    fc.assert(
      fc.property(side, side, fc.double({ min: 0.1, max: 1_000, noNaN: true }), (width, height, frame_rate) => {
        const steps = ladderOf({ width, height, frame_rate });
        expect(steps[0]!.name).toBe('high');
        for (const step of steps) {
          expect([step.width % 2, step.height % 2]).toEqual([0, 0]);
          // Rounding to even may add one.
          expect([step.width <= width + 1, step.height <= height + 1]).toEqual([true, true]);
          expect(Math.abs(step.width / step.height - width / height) / (width / height)).toBeLessThan(2 / Math.min(step.width, step.height) + 0.01);
          expect([step.frame_rate >= 1, step.frame_rate <= 60]).toEqual([true, true]);
        }
      }),
    );
  });

  test('is one graph, each step made of the one before; HDR is brought down once', () => {
    const steps = ladderOf({ width: 1920, height: 1080, frame_rate: 60 });
    expect(pictureFilter(steps, false)).toBe('[0:v:0]fps=60,scale=1280:720,setsar=1,format=yuv420p,split=2[high][from1];[from1]fps=30,scale=640:360,setsar=1,format=yuv420p[low]');
    expect(pictureFilter(steps, true).match(/tonemap/g)).toHaveLength(1);
    expect([isHdr('arib-std-b67'), isHdr('smpte2084'), isHdr('bt709'), isHdr(undefined)]).toEqual([true, true, false, false]);
  });
});

test('Time that was watched counts up to some loops, and never less than nothing', () => {
  expect([countedWatch(5_000, 10_000), countedWatch(99_999_999, 10_000), countedWatch(-5, 10_000), countedWatch(500, 0)]).toEqual([5_000, 10_000 * MAX_LOOPS, 0, 0]);
});

test('Who may comment', () => {
  const asked = (audience: 'everyone' | 'friends' | 'no_one', relationship: 'self' | 'friends' | 'following' | 'none', allow_comments = true) => mayComment({ allow_comments, audience, relationship });
  expect([asked('everyone', 'none'), asked('friends', 'friends'), asked('no_one', 'self')]).toEqual([true, true, true]);
  expect([asked('friends', 'following'), asked('friends', 'none'), asked('no_one', 'friends'), asked('everyone', 'self', false)]).toEqual([false, false, false, false]);
});

test('A playlist’s files are asked for with its token, comments and tags apart', () => {
  const playlist = '#EXTM3U\n#EXT-X-MAP:URI="high.m4s",BYTERANGE="10@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:5@10\nhigh.m4s\n\n#EXT-X-ENDLIST\n';
  expect(withQuery(playlist, 'token=a.b')).toBe('#EXTM3U\n#EXT-X-MAP:URI="high.m4s?token=a.b",BYTERANGE="10@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:5@10\nhigh.m4s?token=a.b\n\n#EXT-X-ENDLIST\n');
});
