import { ApiFault, credentials, faultOf } from '/pages/shared/api.js';

const LOST = 'The connection to the server broke. Press the button again: where everything had arrived, no second post is made.';

/**
 * POST /api/posts with the metadata first and the file behind it. By XMLHttpRequest: fetch tells nothing of a
 * request's progress. `progress` gets bytes sent and bytes in all; `signal` stops it. The same try under the same
 * `key` makes no second post.
 */
export function uploadPost({ metadata, file, key, progress, signal }) {
  const body = new FormData();
  body.append('metadata', JSON.stringify(metadata));
  body.append('file', file, file.name);
  const request = new XMLHttpRequest();
  request.open('POST', '/api/posts');
  for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
  request.setRequestHeader('Accept', 'application/json');
  request.setRequestHeader('Idempotency-Key', key);
  return new Promise((resolve, reject) => {
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(loaded, total));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(faultOf(request.status, request.responseText));
    });
    request.addEventListener('error', () => reject(new ApiFault({ status: 0, code: 'unreachable', message: LOST })));
    request.addEventListener('abort', () =>
      reject(new ApiFault({ status: 0, code: 'stopped', message: 'You stopped the upload: nothing was posted.' })),
    );
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body);
  });
}
