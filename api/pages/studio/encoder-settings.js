import { api } from '../shared/api.js';
import { byId } from '../shared/dom.js';
import { ask } from '../shared/dialogs.js';

/** What OBS and other encoders are told: the addresses, and the key while it is known, which is only when it was just made. */
export function setUpEncoderSettings({ streamId, failed, keyMade }) {
  for (const button of document.querySelectorAll('[data-copies]')) {
    button.addEventListener('click', async () => {
      const input = byId(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(input.value);
      } catch {
        input.select();
        return;
      }
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1_500);
    });
  }
  byId('new-key').addEventListener('click', async () => {
    const yes = await ask({ title: 'Make a new key?', text: 'The present key stops working at once, and an encoder that uses it is disconnected.', yes: 'Make a new key', no: 'Keep the key' });
    if (!yes) return;
    try {
      const { stream_key } = await api.post(`/streams/${streamId}/rotate-key`);
      byId('key-made').value = stream_key;
      byId('key-made-field').hidden = false;
      keyMade(stream_key);
    } catch (error) {
      failed(error);
    }
  });
  return {
    show({ urls, stream_key_hint }) {
      byId('rtmp-url').value = urls.rtmp;
      byId('whip-url').value = urls.whip;
      byId('key-hint').textContent = stream_key_hint ? `The present key ends in ${stream_key_hint}.` : '';
    },
  };
}
