import { io, type Socket } from 'socket.io-client';
import type { ChatAck, ChatClientEvents, ChatMessage, ChatServerEvents } from '../../domain/contracts/chat.ts';
import { StartError } from '../supervisor/start-error.ts';

const TIMEOUT_MS = 10_000;

export interface DemoChat {
  say(message: string): Promise<void>;
  close(): void;
}

/** Joins a stream's chat as its signed-in person. @throws StartError with the reason that the chat gave */
export async function joinChat(apiUrl: string, token: string, stream_id: string, heard: (message: ChatMessage) => void): Promise<DemoChat> {
  const socket: Socket<ChatServerEvents, ChatClientEvents> = io(apiUrl, { auth: { token }, transports: ['websocket'], forceNew: true });
  socket.on('chat_message', heard);
  const asked = socket.timeout(TIMEOUT_MS);
  try {
    refuse(await asked.emitWithAck('join', { stream_id }));
  } catch (error) {
    socket.disconnect();
    throw error;
  }
  return {
    async say(message) {
      refuse(await asked.emitWithAck('chat_message', { stream_id, message }));
    },
    close: () => void socket.disconnect(),
  };
}

function refuse(answer: ChatAck): void {
  if (!answer.ok) throw new StartError(`The chat refused: ${answer.message} (${answer.code})`);
}
