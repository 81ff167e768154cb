import { byId, el } from '../shared/dom.js';

const SIZE = { width: { ideal: 1_280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 60 } };

/** Fills the choices of cameras and microphones; names are known only once people have allowed one of them. */
export async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  fill(byId('camera'), 'Camera', devices.filter(({ kind }) => kind === 'videoinput'));
  fill(byId('microphone'), 'Microphone', devices.filter(({ kind }) => kind === 'audioinput'));
}

function fill(select, word, devices) {
  const chosen = select.value;
  const options = devices.filter(({ deviceId }) => deviceId !== '').map(({ deviceId, label }, index) => el('option', { value: deviceId }, label || `${word} ${index + 1}`));
  select.replaceChildren(el('option', { value: '' }, options.length === 0 ? 'The browser’s choice' : 'Standard'), el('option', { value: 'none' }, 'None'), ...options);
  if ([...select.options].some(({ value }) => value === chosen)) select.value = chosen;
}

/**
 * Opens what was chosen: camera or screen, and the microphone (a shared screen's own sound goes along where there is no microphone).
 * @throws Error in words for people
 */
export async function openCapture({ source, camera, microphone }) {
  if (!navigator.mediaDevices) throw new Error('Browsers give camera and microphone to pages of https:// and of this machine only.');
  const audio = microphone === 'none' ? false : { echoCancellation: source === 'camera', ...(microphone ? { deviceId: { exact: microphone } } : {}) };
  const video = camera === 'none' ? false : { ...SIZE, ...(camera ? { deviceId: { exact: camera } } : {}) };
  if (source === 'camera' && !audio && !video) throw new Error('Choose a camera or a microphone.');
  try {
    if (source === 'camera') return await navigator.mediaDevices.getUserMedia({ audio, video });
    return await withVoice(await navigator.mediaDevices.getDisplayMedia({ video: SIZE, audio: true }), audio);
  } catch (error) {
    throw new Error(WORDS[error.name] ?? `It can not be opened: ${error.message}`, { cause: error });
  }
}

const WORDS = {
  NotAllowedError: 'The browser was not allowed to take it: allow it beside the address, and try again.',
  NotFoundError: 'There is no such device.',
  NotReadableError: 'Another program has the device.',
  OverconstrainedError: 'The device that was chosen is gone: choose another one.',
};

async function withVoice(screen, audio) {
  if (!audio) return screen;
  try {
    const voice = await navigator.mediaDevices.getUserMedia({ audio });
    for (const track of screen.getAudioTracks()) {
      track.stop();
      screen.removeTrack(track);
    }
    for (const track of voice.getAudioTracks()) screen.addTrack(track);
    return screen;
  } catch (error) {
    stopCapture(screen);
    throw error;
  }
}

export const stopCapture = (stream) => stream?.getTracks().forEach((track) => track.stop());
