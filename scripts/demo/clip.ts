import { open } from 'node:fs/promises';
import { H264, type Colour } from './h264.ts';
import { ftyp, moov } from './mp4.ts';

/** 720 × 1280, as phones hold it. */
const COLUMNS = 45;
const ROWS = 80;
const FRAME_RATE = 30;
/** So many frames show the same picture; each picture takes 1.4 MB. */
const FRAMES_A_PICTURE = 5;
const SECONDS = 10;

export interface Clip {
  path: string;
  size_bytes: number;
  seconds: number;
}

/**
 * Writes a clip that TikTok takes: 10 s of H.264 in an MP4, 720 × 1280, about 83 MB, so that it goes up in several
 * chunks. By hand, since pictures that are not compressed need no encoder: the demo needs no ffmpeg.
 */
export async function writeClip(path: string, { seconds = SECONDS } = {}): Promise<Clip> {
  const video = new H264(COLUMNS, ROWS);
  const file = await open(path, 'w');
  try {
    const head = ftyp();
    const offset = head.length + 8;
    const sizes: number[] = [];
    const keyFrames: number[] = [];
    let at = offset;
    for (let frame = 0; frame < seconds * FRAME_RATE; frame += 1) {
      const isPicture = frame % FRAMES_A_PICTURE === 0;
      if (isPicture) keyFrames.push(frame);
      const unit = isPicture ? video.picture(scene(frame / (seconds * FRAME_RATE))) : video.repeat();
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      const sample = Buffer.concat([length, unit]);
      await file.write(sample, 0, sample.length, at);
      sizes.push(sample.length);
      at += sample.length;
    }
    const mdat = Buffer.alloc(8);
    mdat.writeUInt32BE(at - head.length);
    mdat.write('mdat', 4, 'latin1');
    await file.write(Buffer.concat([head, mdat]), 0, offset, 0);
    const { width, height, sps, pps } = video;
    const table = moov({ width, height, frameRate: FRAME_RATE, sps, pps, sizes, keyFrames, offset });
    await file.write(table, 0, table.length, at);
    return { path, size_bytes: at + table.length, seconds };
  } finally {
    await file.close();
  }
}

/** Hills of colour with a sun that crosses them; `time` runs from 0 to 1. */
function scene(time: number): (column: number, row: number) => Colour {
  const sun = { column: time * (COLUMNS + 8) - 4, row: 26 - Math.sin(time * Math.PI) * 14 };
  return (column, row) => {
    if (Math.hypot(column - sun.column, row - sun.row) < 5) return { y: 210, cb: 40, cr: 150 };
    const hill = 46 + 8 * Math.sin(column / 7 + time * 4) + 4 * Math.sin(column / 3);
    if (row < hill) return { y: 150 - row, cb: 150 + Math.round(row / 3), cr: 110 };
    return { y: 60 + ((column * 7 + row * 13) % 24), cb: 100, cr: 90 + Math.round(20 * time) };
  };
}
