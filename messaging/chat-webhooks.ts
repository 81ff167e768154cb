import type { AttemptResult, RenderedAction } from '../domain/contracts/action.ts';
import type { OutgoingHttp } from '../domain/contracts/outgoing-http.ts';
import type { Json, NotificationConfig } from '../domain/contracts/rule.ts';
import { outcomeOf } from '../domain/http-outcomes.ts';

export type ChatConfig = Extract<NotificationConfig, { url: string }>;

const TIMEOUT_MS = 10_000;
/** The services' own limits on a message, characters. */
const MAX_CHARS = { slack: 40_000, discord: 2_000, telegram: 4_096 } as const;

/** Sends a message to a Slack, Discord or Telegram compatible webhook. What viewers wrote can mention nobody. */
export async function sendChatMessage(
  http: OutgoingHttp,
  action: RenderedAction,
  config: ChatConfig,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const answer = await http.request(
    {
      method: 'POST',
      url: config.url,
      headers: { 'content-type': 'application/json', 'user-agent': 'Showrunner/1', 'idempotency-key': action.id },
      body: JSON.stringify(chatBody(config)),
      timeout_ms: TIMEOUT_MS,
    },
    signal,
  );
  const result = outcomeOf(answer);
  if (result.outcome !== 'retryable' || result.retry_after_ms !== undefined || answer.kind === 'failure') return result;
  const wait = telegramRetryAfter(answer.body);
  return wait === null ? result : { ...result, retry_after_ms: wait };
}

/** The JSON that each service takes. */
export function chatBody(config: ChatConfig): Json {
  const text = cut(config.message, MAX_CHARS[config.channel]);
  switch (config.channel) {
    case 'slack':
      // <!channel> and <@U123> are Slack's mentions: escaped, they are text.
      return { text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') };
    case 'discord':
      return { content: text, allowed_mentions: { parse: [] } };
    case 'telegram':
      return { chat_id: config.chat_id, text };
  }
}

/** Cuts between characters, never inside one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Telegram says how long to wait in the body: {"parameters":{"retry_after":5}}. */
function telegramRetryAfter(body: string): number | null {
  const seconds = /"retry_after"\s*:\s*(\d{1,5})/.exec(body)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}
