import { byId, say } from '/pages/shared/dom.js';
import { formatBytes, formatSeconds } from '/pages/shared/format.js';

/** https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide */
const MAX_BYTES = 4 * 1024 ** 3;
const NAMES = /\.(mp4|m4v|mov|webm)$/i;

/** The video: chosen or dropped, checked as far as a browser can, and previewed. The server checks the rest. */
export function setUpFileField() {
  const input = byId('file');
  const drop = byId('drop');
  const preview = byId('preview');
  let longest = Infinity;
  let address = null;

  const fault = () => {
    const file = input.files[0];
    if (!file) return 'Choose a video.';
    if (!NAMES.test(file.name)) return `${file.name} is no MP4, MOV or WebM video.`;
    if (file.size === 0) return `${file.name} is empty.`;
    if (file.size > MAX_BYTES) return `${file.name} has ${formatBytes(file.size)}; TikTok takes 4 GB at most.`;
    if (Number.isFinite(preview.duration) && preview.duration > longest)
      return `The video lasts ${formatSeconds(preview.duration)}; TikTok allows this account ${formatSeconds(longest)}.`;
    return null;
  };

  const show = () => {
    const file = input.files[0];
    if (address) URL.revokeObjectURL(address);
    address = file ? URL.createObjectURL(file) : null;
    preview.hidden = !file;
    if (address) preview.src = address;
    else preview.removeAttribute('src');
    byId('cover-here').disabled = !file;
    say(byId('file-name'), file ? `${file.name}, ${formatBytes(file.size)}` : '');
    check({ quiet: !file });
  };
  const check = ({ quiet = false } = {}) => {
    const text = quiet ? null : fault();
    say(byId('file-fault'), text);
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
    return text;
  };

  input.addEventListener('change', show);
  preview.addEventListener('loadedmetadata', () => check());
  // What this browser can't play may still be right for TikTok.
  preview.addEventListener('error', () => (preview.hidden = true));
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    show();
  });
  byId('cover-here').addEventListener('click', () => (byId('cover').value = preview.currentTime.toFixed(1)));

  return {
    file: () => input.files[0],
    check,
    /** @param seconds the longest that TikTok allows all of the chosen creators */
    limit(seconds) {
      longest = seconds;
      check({ quiet: !input.files[0] });
    },
    clear() {
      input.value = '';
      show();
    },
  };
}
