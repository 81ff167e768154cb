import { expect, test } from '@jest/globals';
import type { types } from 'mediasoup';
import { startMediaRun } from '../../media/egress/media-run.ts';
import { startLeg } from '../../media/rtmp/ffmpeg-leg.ts';
import type { Stage } from '../../media/stage.ts';
import { eventually } from '../helpers/eventually.ts';

/** No path has a NUL: spawn throws, rather than to tell of it later. */
const IMPOSSIBLE = 'ff\0mpeg';
const ignore = (): void => undefined;

test('a bridge whose ffmpeg can not be started leaves no port open', async () => {
  const ports = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const before = ports();
  const plan = { video: null, audio: { codec: 'aac' }, enhanced: false };
  await expect(startLeg({ command: IMPOSSIBLE, plan, onMedia: ignore, onControl: ignore, onDrained: ignore })).rejects.toThrow(/null bytes/);
  // Node lets go of a port a moment after it was closed.
  await eventually(() => ports() === before);
});

test('an egress whose ffmpeg can not be started closes its way from the stage', async () => {
  let open = 0;
  const codec = { mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 };
  const transport = {
    connect: () => Promise.resolve(),
    consume: () => Promise.resolve({ kind: 'audio', rtpParameters: { codecs: [codec] } }),
    close: () => void open--,
  };
  const origin = {
    rtpCapabilities: {},
    createPlainTransport() {
      open++;
      return Promise.resolve(transport);
    },
  } as unknown as types.Router;
  const stage = { origin, main: (kind: types.MediaKind) => (kind === 'audio' ? ({ id: 'sound' } as types.Producer) : null) } as Stage;
  await expect(startMediaRun({ stage, ffmpeg: IMPOSSIBLE, onInit: ignore, onFragment: ignore })).rejects.toThrow(/null bytes/);
  expect(open).toBe(0);
});
