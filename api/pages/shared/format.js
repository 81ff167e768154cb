const SIZES = ['bytes', 'kB', 'MB', 'GB'];

/** 73400320 → "73.4 MB" */
export function formatBytes(bytes) {
  const power = bytes < 1_000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${value.toLocaleString('en', { maximumFractionDigits: power === 0 ? 0 : 1 })} ${SIZES[power]}`;
}

export const formatNumber = (value) => value.toLocaleString('en');

export const formatTime = (iso, timeZone) =>
  new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short', ...(timeZone ? { timeZone } : {}) });

/** 75 → "1 min 15 s" */
export function formatSeconds(seconds) {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  return [minutes > 0 && `${minutes} min`, (whole % 60 > 0 || minutes === 0) && `${whole % 60} s`].filter(Boolean).join(' ');
}

/** Length as TikTok counts it: UTF-16 units, which is what JavaScript's length is. */
export const countOf = (text, most) => `${formatNumber(text.length)} / ${formatNumber(most)}`;
