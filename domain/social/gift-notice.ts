import type { GiftTold } from './gift-event.ts';

/** What a receiver is told. */
export interface GiftNotice {
  workspace_id: string;
  user_id: string;
  sender_id: string;
  kind: 'gift';
  text: string;
  video_id: string | null;
  /** The first of the gifts. */
  subject_id: string;
  dedupe_key: string;
}

/** One for each sender, receiver and place, however often they tapped: a hundred taps are not a hundred pushes. */
export function giftNotices(gifts: readonly GiftTold[]): GiftNotice[] {
  const groups = new Map<string, GiftTold[]>();
  for (const gift of gifts) {
    const key = JSON.stringify([gift.sender.id, gift.receiver.id, gift.stream_id, gift.video_id]);
    groups.set(key, [...(groups.get(key) ?? []), gift]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    return {
      workspace_id: first.workspace_id,
      user_id: first.receiver.id,
      sender_id: first.sender.id,
      kind: 'gift',
      text: `${first.sender.username} sent you ${wordsOf(group)}`,
      video_id: first.video_id,
      subject_id: first.id,
      dedupe_key: `gift:${first.id}`,
    };
  });
}

/** "2 × Rose, Universe (5,020 coins)". */
function wordsOf(gifts: readonly GiftTold[]): string {
  const counts = new Map<string, number>();
  for (const { gift_name, gift_count } of gifts) counts.set(gift_name, (counts.get(gift_name) ?? 0) + gift_count);
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
  const coins = gifts.reduce((sum, gift) => sum + gift.coins, 0);
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and more' : ''} (${coins.toLocaleString('en')} coins)`;
}
