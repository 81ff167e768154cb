import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { clip, DIRECT, directBody, filePlan, OpenApiSandbox, type Tokens } from '../helpers/open-api-sandbox.ts';

const MIB = 1_048_576;

let tiktok: OpenApiSandbox;
beforeAll(async () => {
  tiktok = await OpenApiSandbox.start();
  await tiktok.settings({ limits: { init: 1_000, direct_posts: 1_000 }, behaviour: { sha256: true } });
});
afterAll(() => tiktok.close());

interface Started {
  token: string;
  username: string;
  publish_id: string;
  upload_url: string;
}
async function start(plan: object, account?: Tokens & { username: string }): Promise<Started> {
  const { access_token, username } = account ?? (await tiktok.account());
  const { status, json, text } = await tiktok.api(access_token, DIRECT, directBody(plan));
  if (status !== 200) throw new Error(text);
  return { token: access_token, username, ...json.data };
}

/** A PUT of a whole file whose bytes come when the test says. */
function slowPut(uploadUrl: string, size: number) {
  const stop = new AbortController();
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (sink = controller) });
  const headers = { 'content-type': 'video/mp4', 'content-range': `bytes 0-${size - 1}/${size}`, 'content-length': String(size) };
  const answer = fetch(uploadUrl, { method: 'PUT', body, duplex: 'half', headers, signal: stop.signal } as RequestInit);
  // Looked at later: until then a refusal is not unhandled.
  answer.catch(() => undefined);
  return {
    answer,
    write: (bytes: Buffer) => sink?.enqueue(new Uint8Array(bytes)),
    end: () => sink?.close(),
    breakOff: () => stop.abort(),
  };
}

describe('the chunk plan', () => {
  test.each([
    [4_194_304, 4_194_304, 1],
    [50_000_123, 10_000_000, 5],
    [158_008_374, 5_242_880, 30],
    [73_400_320, 10_485_760, 7],
    [5 * MIB, 5 * MIB, 1],
    [64 * MIB, 64 * MIB, 1],
    [128 * MIB, 64 * MIB, 2],
    [192 * MIB - 1, 64 * MIB, 2],
    [4_096 * MIB, 64 * MIB, 64],
    [4_096 * MIB, 5 * MIB, 819],
    [1, 1, 1],
  ])('%d bytes in chunks of %d, %d of them, is accepted', async (size, chunk, count) => {
    const { upload_url, publish_id } = await start(filePlan(size, chunk, count));
    expect(upload_url.length).toBeLessThanOrEqual(256);
    expect(publish_id).toMatch(/^v_pub_file~v2-1\.\d+$/);
  });

  test.each([
    [50_000_123, 10_000_000, 6, 'The total chunk count is invalid'],
    [158_008_374, 158_008_374, 1, 'The chunk size is invalid'],
    [121_000_000, 64 * MIB, 1, 'The chunk size is invalid'],
    [20_000_000, 4_000_000, 5, 'The chunk size is invalid'],
    [5 * MIB - 1, 5 * MIB - 2, 1, 'The chunk size is invalid'],
    [4_000_000, 5 * MIB, 1, 'The chunk size is invalid'],
    [8 * MIB, 5 * MIB, 1, 'The chunk size is invalid'],
    [200 * MIB, 64 * MIB + 1, 3, 'The chunk size is invalid'],
    [64 * MIB + 1, 64 * MIB + 1, 1, 'The chunk size is invalid'],
    [20 * MIB, 5 * MIB, 0, 'The total chunk count is invalid'],
    [4_096 * MIB + 1, 64 * MIB, 64, 'The video size is invalid'],
    [0, 0, 0, 'The video size is invalid'],
    [10 * MIB, 0, 1, 'The chunk size is invalid'],
  ])('%d bytes in chunks of %d, %d of them, is refused: %s', async (size, chunk, count, message) => {
    const { access_token } = await tiktok.account();
    const { status, json } = await tiktok.api(access_token, DIRECT, directBody(filePlan(size, chunk, count)));
    expect([status, json.error.code, json.error.message]).toEqual([400, 'invalid_params', message]);
  });
});

describe('a PUT of a chunk', () => {
  test('206 for each but the last, 201 for the last, which takes the remainder; every byte arrives', async () => {
    const size = 16 * MIB + 123;
    const bytes = clip(size);
    const { upload_url, publish_id } = await start(filePlan(size, 5 * MIB));
    const ranges: [number, number][] = [
      [0, 5 * MIB],
      [5 * MIB, 10 * MIB],
      [10 * MIB, size],
    ];
    const seen = [];
    for (const [first, end] of ranges) {
      const { status, headers } = await tiktok.put(upload_url, bytes.subarray(first, end), `bytes ${first}-${end - 1}/${size}`);
      seen.push([status, headers.get('content-range')]);
    }
    expect(seen).toEqual([
      [206, `bytes 0-${5 * MIB}/${size}`],
      [206, `bytes 0-${10 * MIB}/${size}`],
      [201, `bytes 0-${size}/${size}`],
    ]);
    const { upload } = await tiktok.post(publish_id);
    expect(upload).toMatchObject({ uploaded: size, content_type: 'video/mp4', sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(upload.puts.map(({ chunk, status, bytes: count }: { chunk: number; status: number; bytes: number }) => [chunk, status, count])).toEqual([
      [0, 206, 5 * MIB],
      [1, 206, 5 * MIB],
      [2, 201, 6 * MIB + 123],
    ]);
  });

  test('out of order, twice, and after the end: 416, with the progress in Content-Range', async () => {
    const size = 11 * MIB;
    const bytes = clip(size);
    const { upload_url } = await start(filePlan(size, 5 * MIB));
    const put = async (first: number, end: number) => {
      const { status, headers } = await tiktok.put(upload_url, bytes.subarray(first, end), `bytes ${first}-${end - 1}/${size}`);
      return `${status} ${headers.get('content-range')}`;
    };
    expect(await put(5 * MIB, size)).toBe(`416 bytes 0-0/${size}`);
    expect(await put(0, 5 * MIB)).toBe(`206 bytes 0-${5 * MIB}/${size}`);
    expect(await put(0, 5 * MIB)).toBe(`416 bytes 0-${5 * MIB}/${size}`);
    expect(await put(5 * MIB, size)).toBe(`201 bytes 0-${size}/${size}`);
    expect(await put(5 * MIB, size)).toBe(`416 bytes 0-${size}/${size}`);
  });

  test('the progress is the last index where the switch says so', async () => {
    await tiktok.settings({ behaviour: { content_range: 'last_index' } });
    const { upload_url } = await start(filePlan(1_000));
    expect((await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000')).headers.get('content-range')).toBe('bytes 0-999/1000');
    await tiktok.settings({ behaviour: { content_range: 'count' } });
  });

  test.each([
    ['a wrong type', { 'content-type': 'application/octet-stream' }, 1_000],
    ['no range', { 'content-range': 'bytes */1000' }, 1_000],
    ['a range beyond the file', { 'content-range': 'bytes 0-1000/1000' }, 1_000],
    ['another total', { 'content-range': 'bytes 0-999/1001' }, 1_000],
    ['fewer bytes than the range', {}, 999],
    ['more bytes than the range', {}, 1_001],
    ['a range that ends too early', { 'content-range': 'bytes 0-499/1000' }, 500],
  ])('%s is 400, and nothing is kept', async (_, headers, bytes) => {
    const { upload_url, publish_id } = await start(filePlan(1_000));
    expect((await tiktok.put(upload_url, clip(bytes), 'bytes 0-999/1000', headers)).status).toBe(400);
    expect((await tiktok.post(publish_id)).upload.uploaded).toBe(0);
    expect((await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000')).status).toBe(201);
  });

  test('a body without Content-Length is 400', async () => {
    const { upload_url } = await start(filePlan(1_000));
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(clip(1_000)));
        controller.close();
      },
    });
    const init = { body, duplex: 'half', headers: { 'content-type': 'video/mp4', 'content-range': 'bytes 0-999/1000' } } as RequestInit;
    expect((await tiktok.send('PUT', upload_url, init)).status).toBe(400);
  });

  test('an unknown upload and a wrong token are 404; an upload_url is good for one hour', async () => {
    const { upload_url, publish_id } = await start(filePlan(1_000));
    const put = (url: string) => tiktok.put(url, clip(1_000), 'bytes 0-999/1000');
    expect((await put(upload_url.replace(/upload_id=\d+/, 'upload_id=1'))).status).toBe(404);
    expect((await put(`${upload_url}0`)).status).toBe(404);
    await tiktok.control('POST', `/posts/${publish_id}/expire-upload`);
    expect((await put(upload_url)).status).toBe(403);
    const other = await start(filePlan(1_000));
    await tiktok.advance(3_600_001);
    expect((await put(other.upload_url)).status).toBe(403);
  });

  test('of two PUTs of the same chunk at once the one that ends first is stored', async () => {
    const { upload_url, publish_id } = await start(filePlan(2 * MIB));
    const bytes = clip(2 * MIB);
    const slow = slowPut(upload_url, 2 * MIB);
    slow.write(clip(MIB));
    await eventually(async () => (await tiktok.post(publish_id)).upload.puts[0]?.bytes >= MIB);
    expect((await tiktok.put(upload_url, bytes, `bytes 0-${2 * MIB - 1}/${2 * MIB}`)).status).toBe(201);
    slow.write(clip(MIB));
    slow.end();
    expect((await slow.answer).status).toBe(416);
    expect((await tiktok.post(publish_id)).upload.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('an upload that breaks', () => {
  test('within a chunk nothing of it is kept, and the same chunk goes on', async () => {
    const size = 11 * MIB;
    const bytes = clip(size);
    const { upload_url, publish_id, username } = await start(filePlan(size, 5 * MIB));
    await tiktok.fault({ path: '/upload/', username, chunk: 1, drop: 'before', after_bytes: MIB });
    const put = (first: number, end: number) => tiktok.put(upload_url, bytes.subarray(first, end), `bytes ${first}-${end - 1}/${size}`);
    expect((await put(0, 5 * MIB)).status).toBe(206);
    await expect(put(5 * MIB, size)).rejects.toThrow();
    const broken = await tiktok.post(publish_id);
    expect(broken.upload.uploaded).toBe(5 * MIB);
    expect(broken.upload.puts[1].status).toBeNull();
    expect(broken.upload.puts[1].bytes).toBeGreaterThanOrEqual(MIB);
    expect((await put(5 * MIB, size)).status).toBe(201);
    expect((await tiktok.post(publish_id)).upload.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('a client that goes away leaves the upload as it was', async () => {
    const { upload_url, publish_id } = await start(filePlan(2 * MIB));
    const bytes = clip(2 * MIB);
    const slow = slowPut(upload_url, 2 * MIB);
    slow.write(clip(MIB));
    await eventually(async () => (await tiktok.post(publish_id)).upload.puts[0]?.bytes >= MIB);
    slow.breakOff();
    await expect(slow.answer).rejects.toThrow();
    expect((await tiktok.post(publish_id)).upload.uploaded).toBe(0);
    expect((await tiktok.put(upload_url, bytes, `bytes 0-${2 * MIB - 1}/${2 * MIB}`)).status).toBe(201);
    expect((await tiktok.post(publish_id)).upload.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('the answer to a stored chunk may get lost: the chunk is there, and coming again is 416', async () => {
    const { upload_url, publish_id, username } = await start(filePlan(1_000));
    await tiktok.fault({ path: '/upload/', username, chunk: 0, drop: 'after' });
    await expect(tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000')).rejects.toThrow();
    expect((await tiktok.post(publish_id)).upload.uploaded).toBe(1_000);
    const again = await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000');
    expect([again.status, again.headers.get('content-range')]).toEqual([416, 'bytes 0-1000/1000']);
  });

  test('a 5xx without effect asks for the chunk again', async () => {
    const { upload_url, username } = await start(filePlan(1_000));
    await tiktok.fault({ path: '/upload/', username, answer: { status: 502, body: '<html>Bad Gateway</html>' } });
    const failed = await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000');
    expect([failed.status, failed.text]).toEqual([502, '<html>Bad Gateway</html>']);
    expect((await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000')).status).toBe(201);
  });
});

test('what is not a video fails later, in an HTTP 200; WebM and MOV are videos', async () => {
  const outcome = async (head: Buffer) => {
    const { token, publish_id, upload_url } = await start(filePlan(1_000));
    await tiktok.put(upload_url, Buffer.concat([head, Buffer.alloc(1_000 - head.length)]), 'bytes 0-999/1000');
    await tiktok.advance(2_000);
    const { status, json } = await tiktok.status(token, publish_id);
    return [status, json.error.code, json.data.status, json.data.fail_reason];
  };
  expect(await outcome(Buffer.from('%PDF-1.7 and more of it'))).toEqual([200, 'ok', 'FAILED', 'file_format_check_failed']);
  expect(await outcome(Buffer.from([0x1a, 0x45, 0xdf, 0xa3]))).toEqual([200, 'ok', 'PUBLISH_COMPLETE', undefined]);
  expect(await outcome(Buffer.from('\0\0\0\x14ftypqt  ', 'latin1'))).toEqual([200, 'ok', 'PUBLISH_COMPLETE', undefined]);
});
