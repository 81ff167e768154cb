const TIMES = { dateStyle: 'medium', timeStyle: 'short' };

const WAYS = { whep: 'WebRTC', hls: 'HLS' };

/**
 * What a viewer is told, of the stream's own state and that of their player.
 * @returns { state, text, tone }
 */
export function statusOf(stream, player) {
  if (stream.status === 'waiting') return { state: 'waiting', text: 'Waiting for the creator', tone: 'calm' };
  if (stream.status === 'ending' || stream.status === 'ended') return { state: 'ended', text: stream.vod_id ? 'Ended: watch the recording' : 'Ended', tone: 'calm' };
  if (player.state === 'refused') return { state: 'refused', text: 'You may not watch this stream', tone: 'bad' };
  if (stream.status === 'reconnecting') return { state: 'reconnecting', text: 'The creator’s connection broke: reconnecting', tone: 'warn' };
  if (player.state === 'playing') return { state: 'live', text: `Live (${WAYS[player.by]})`, tone: 'good' };
  if (player.state === 'reconnecting') return { state: 'reconnecting', text: 'Reconnecting', tone: 'warn' };
  return { state: 'connecting', text: `Connecting (${WAYS[player.by] ?? 'WebRTC'})`, tone: 'busy' };
}

export function timesOf({ scheduled_for, start_time, end_time }) {
  const format = (iso) => new Date(iso).toLocaleString('en-GB', TIMES);
  if (end_time) return `Ended ${format(end_time)}`;
  if (start_time) return `Live since ${format(start_time)}`;
  return scheduled_for ? `Begins ${format(scheduled_for)}` : '';
}
