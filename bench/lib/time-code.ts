/**
 * The time of a frame, written into its picture: a row of 32 blocks, white for a one, that hold milliseconds, and below it the same with
 * black and white exchanged. A frame in which they disagree anywhere is not counted.
 */
export const TIME_CODE = { width: 1_280, height: 720, bits: 32, block: 40 } as const;

/** A grey picture with the time in it and stripes that move, so that there is something to encode. @param nowMs whole milliseconds */
export function paintGrey(frame: Uint8Array, nowMs: number): void {
  const { width, height, bits, block } = TIME_CODE;
  for (let y = 2 * block; y < height; y += 1) frame.fill(((y + nowMs / 8) & 0x7f) + 64, y * width, (y + 1) * width);
  for (let bit = 0; bit < bits; bit += 1) {
    const value = bitOf(nowMs, bits - 1 - bit);
    for (let y = 0; y < 2 * block; y += 1) {
      const white = y < block ? value : !value;
      frame.fill(white ? 235 : 16, y * width + bit * block, y * width + (bit + 1) * block);
    }
  }
}

/** Beyond 32 bits, which JavaScript's own operators do not reach. */
const bitOf = (value: number, bit: number): boolean => Math.floor(value / 2 ** bit) % 2 === 1;

/**
 * For a page: `paint(canvas, nowMs)`, `read(video, context)` (milliseconds within 2^32, or null) and `delayOf(code, nowMs)`. As text, since the page
 * runs it, and under a policy that lets no script of others in: it is evaluated by the browser's own debugger.
 */
export const TIME_CODE_SCRIPT = `globalThis.timeCode = (() => {
  const { width, height, bits, block } = ${JSON.stringify(TIME_CODE)};
  const bitOf = (value, bit) => Math.floor(value / 2 ** bit) % 2 === 1;
  return {
    now: () => performance.timeOrigin + performance.now(),
    paint(context, nowMs) {
      const code = Math.floor(nowMs);
      for (let stripe = 0; stripe < 16; stripe += 1) {
        context.fillStyle = 'hsl(' + ((code / 20 + stripe * 22) % 360) + ' 70% 50%)';
        context.fillRect(0, 2 * block + stripe * 40, width, 40);
      }
      for (let bit = 0; bit < bits; bit += 1) {
        const white = bitOf(code, bits - 1 - bit);
        context.fillStyle = white ? '#fff' : '#000';
        context.fillRect(bit * block, 0, block, block);
        context.fillStyle = white ? '#000' : '#fff';
        context.fillRect(bit * block, block, block, block);
      }
    },
    read(video, context) {
      context.drawImage(video, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, 2 * block);
      const light = (x, y) => data[(y * width + x) * 4 + 1];
      let code = 0;
      for (let bit = 0; bit < bits; bit += 1) {
        const x = bit * block + block / 2;
        const [upper, lower] = [light(x, block / 2), light(x, block * 1.5)];
        if (Math.abs(upper - lower) < 60) return null;
        code = code * 2 + (upper > lower ? 1 : 0);
      }
      return code;
    },
    delayOf: (code, nowMs) => (((nowMs - code) % 2 ** bits) + 2 ** bits) % 2 ** bits,
  };
})();
0;`;

/** For a page: gathers the delay of each frame that `video` shows, `globalThis.delays`, milliseconds. */
export const WATCH_SCRIPT = `(() => {
  const video = globalThis.video;
  const canvas = Object.assign(document.createElement('canvas'), { width: ${TIME_CODE.width}, height: ${TIME_CODE.height} });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  globalThis.delays = [];
  globalThis.unread = 0;
  const look = () => {
    const shownAt = timeCode.now();
    const code = timeCode.read(video, context);
    if (code === null) globalThis.unread += 1;
    else globalThis.delays.push(timeCode.delayOf(code, shownAt));
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  return 0;
})()`;
