import { messagesAfter, toChatMessage } from '../../db/chat-message.repository.ts';
import { lastPositions } from '../../db/chat-room.repository.ts';
import type { Db } from '../../db/client.ts';
import { csvRow } from '../../domain/analytics/csv.ts';
import type { ChatMessage } from '../../domain/contracts/chat.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const PAGE = 1_000;
const COLUMNS = ['position', 'timestamp', 'user_id', 'user_name', 'message', 'reply_to', 'deleted', 'id'] as const satisfies readonly (keyof ChatMessage)[];

const WRITERS = {
  ndjson: { head: '', line: (message: ChatMessage) => `${JSON.stringify(message)}\n` },
  csv: { head: csvRow(COLUMNS), line: (message: ChatMessage) => csvRow(COLUMNS.map((column) => message[column])) },
} as const;

/** A stream's whole chat as it stands now, read a page at a time as the caller takes it. */
export async function exportChat(db: Db, streamId: string, format: ExportFormat): Promise<ReadableStream<Uint8Array>> {
  const { head, line } = WRITERS[format];
  // What is written meanwhile is not waited for: the export has an end.
  const last = (await lastPositions(db, [streamId])).get(streamId) ?? 0;
  const encoder = new TextEncoder();
  let after = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (head !== '') controller.enqueue(encoder.encode(head));
    },
    async pull(controller) {
      const rows = (await messagesAfter(db, streamId, PAGE, after)).filter(({ position }) => position <= last);
      if (rows.length > 0) controller.enqueue(encoder.encode(rows.map((row) => line(toChatMessage(row))).join('')));
      after = rows.at(-1)?.position ?? last;
      if (after >= last) controller.close();
    },
  });
}
