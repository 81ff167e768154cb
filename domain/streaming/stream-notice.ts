import type { StreamStatus } from '../contracts/stream.ts';

export interface NoticeFacts {
  title: string;
  status: StreamStatus;
  reason: string | null;
  /** It was live before. */
  was_live: boolean;
}

/** What the workspace is told of a change of a stream; null: nothing. */
export function streamNotice({ title, status, reason, was_live }: NoticeFacts): string | null {
  const because = reason === null ? '' : ` ${reason}`;
  switch (status) {
    case 'live':
      return was_live ? `“${title}” is live again.` : `“${title}” is live.`;
    case 'reconnecting':
      return `“${title}” is cut.${because}`;
    case 'ended':
      return was_live ? `“${title}” has ended.${because}` : null;
    case 'waiting':
    case 'ending':
      return null;
  }
}
