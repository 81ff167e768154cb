const STATES = {
  off: { text: 'Off', tone: 'calm' },
  connecting: { text: 'Connecting', tone: 'busy' },
  live: { text: 'Live', tone: 'good' },
  reconnecting: { text: 'Reconnecting', tone: 'warn' },
  ended: { text: 'Ended', tone: 'calm' },
  failed: { text: 'Not on air', tone: 'bad' },
};

export const publishState = (state) => STATES[state];

/** What of the stream itself the publisher should know while they are not sending. */
const NOTES = {
  live: 'An encoder publishes to this stream right now.',
  reconnecting: 'The encoder is gone; whoever publishes within the grace time goes on with the same stream.',
  ending: 'The stream is ending.',
  ended: 'The stream is over: make a new one.',
};
export const streamNote = (status) => NOTES[status] ?? null;
