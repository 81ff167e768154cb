import { expect, test } from '@jest/globals';
import { BaseProtoMessage, WebcastChatMessage } from 'tiktok-live-proto/v3';
import { createRandom } from '../../sandbox/catalogue/random.ts';
import { createIdSource } from '../../sandbox/rooms/ids.ts';
import { createScript } from '../../sandbox/rooms/script.ts';
import { createTemplates } from '../../sandbox/rooms/templates.ts';

test('A template gets another id, outside and inside, and another time, and stays a valid message.', () => {
  const figures = { viewers: 10, total_viewers: 10, likes: 0, followers: 0, shares: 0 };
  const ids = createIdSource(() => 1_760_000_000_000);
  const script = createScript({ random: createRandom(1), ids, figures, abandonedStreaks: () => 0 });
  const templates = createTemplates(script, '7411387158236512000', 1_760_000_000_000);
  for (const [msgId, now] of [
    [7_599_824_371_187_712_001n, 1_760_000_000_001],
    [9_223_372_036_854_775_807n, 1_999_999_999_999],
  ] as const) {
    const { draft, base } = templates.fill('comment', msgId, now);
    const outer = BaseProtoMessage.decode(base);
    const inner = WebcastChatMessage.decode(outer.payload);
    expect(outer).toMatchObject({ method: 'WebcastChatMessage', msgId: String(msgId) });
    expect(inner.common).toMatchObject({ msgId: String(msgId), createTime: String(now), roomId: '7411387158236512000' });
    expect(draft).toMatchObject({ type: 'comment', comment: inner.content, user: { username: inner.user?.displayId } });
  }
});
