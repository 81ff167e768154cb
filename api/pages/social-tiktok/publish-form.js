import { commonGround, readCreators } from './creators.js';
import { setUpDirectOptions } from './direct-options.js';
import { announce, byId, el, say } from '/pages/shared/dom.js';
import { setUpFileField } from './file-field.js';
import { countOf, formatBytes } from '/pages/shared/format.js';
import { fillTimeZones, wallTime } from './schedule.js';
import { uploadPost } from './upload.js';
import { accountName } from './wording.js';

const MAX_CAPTION = 2_200;
/** TikTok's scope of each mode. */
const SCOPES = { direct: 'video.publish', inbox: 'video.upload' };

/** The form of a new post. `posted` is called with what the API made of it; `failed` after a try that did not come through. */
export function setUpPublishForm({ posted, failed }) {
  const form = byId('publish');
  const fileField = setUpFileField();
  const direct = setUpDirectOptions();
  let usable = [];
  let asked = 0;
  let uploading = null;
  let attempt = { of: '', key: '' };

  const mode = () => form.elements.mode.value;
  const isLater = () => form.elements.when.value === 'later';
  const chosen = () => usable.filter(({ id }) => form.querySelector(`input[name=account][value="${id}"]`)?.checked);

  const refresh = () => {
    byId('direct-only').hidden = mode() !== 'direct';
    byId('later').hidden = !isLater();
    byId('publish-submit').textContent = isLater() ? 'Schedule' : mode() === 'inbox' ? 'Send the draft' : 'Publish';
    say(
      byId('mode-hint'),
      mode() === 'inbox' ? 'Caption, visibility and the rest are set in the TikTok app; five drafts may wait there in 24 hours.' : '',
    );
  };
  const count = () => {
    const { value } = byId('caption');
    byId('caption-count').textContent = countOf(value, MAX_CAPTION);
    byId('caption-count').classList.toggle('fault', value.length > MAX_CAPTION);
  };

  async function askCreators() {
    const accounts = chosen();
    const turn = (asked += 1);
    if (mode() !== 'direct' || accounts.length === 0) {
      say(byId('creators'), '');
      direct.offer(commonGround([]));
      fileField.limit(Infinity);
      return;
    }
    say(byId('creators'), 'Asking TikTok what these creators may do…');
    const ground = commonGround(await readCreators(accounts));
    // Meanwhile somebody has chosen other accounts.
    if (turn !== asked) return;
    const refusals = ground.faults.map(({ account, fault }) => `${accountName(account)}: ${fault.message}`);
    const names = ground.nicknames.length > 0 ? [`Posting as ${ground.nicknames.join(', ')}.`] : [];
    say(byId('creators'), [...names, ...refusals].join(' '));
    direct.offer(ground);
    fileField.limit(ground.longestSeconds);
  }

  function faults() {
    const file = fileField.check();
    const { value } = byId('caption');
    return [
      ...(chosen().length === 0
        ? [{ field: 'Accounts', message: 'choose at least one', control: form.elements.account?.[0] ?? form.elements.account }]
        : []),
      ...(file ? [{ field: 'Video', message: file, control: byId('file') }] : []),
      ...(value.length > MAX_CAPTION
        ? [{ field: 'Caption', message: `is longer than ${MAX_CAPTION} characters`, control: byId('caption') }]
        : []),
      ...(mode() === 'direct' ? direct.faults() : []),
      ...(isLater() && byId('publish-at').value === ''
        ? [{ field: 'Date and time', message: 'choose when', control: byId('publish-at') }]
        : []),
    ];
  }

  const metadata = () => ({
    social_account_ids: chosen().map(({ id }) => id),
    mode: mode(),
    caption: byId('caption').value,
    ...(mode() === 'direct' ? direct.metadata() : {}),
    ...(isLater() ? wallTime(byId('publish-at').value, byId('time-zone').value) : {}),
  });

  /** The same for the same post: a try that broke may have arrived. */
  function keyOf(file, content) {
    const of = JSON.stringify([content, file.name, file.size, file.lastModified]);
    if (attempt.of !== of) attempt = { of, key: newKey() };
    return attempt.key;
  }

  function showFault(message, fields = []) {
    const box = byId('publish-fault');
    box.replaceChildren(el('p', {}, message), el('ul', {}, ...fields.map((fault) => el('li', {}, `${fault.field}: ${fault.message}`))));
    box.hidden = false;
    (fields.find(({ control }) => control)?.control ?? box).focus();
  }

  function showProgress(sent, total) {
    const percent = total > 0 ? Math.floor((sent / total) * 100) : 0;
    byId('upload-progress').value = percent;
    byId('upload-text').textContent =
      sent < total ? `Uploading: ${percent} % (${formatBytes(sent)} of ${formatBytes(total)})` : 'Uploaded; the file is being checked…';
  }

  const setUploading = (controller) => {
    uploading = controller;
    byId('publish-submit').disabled = controller !== null;
    byId('upload-stop').hidden = controller === null;
    byId('upload').hidden = controller === null;
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (uploading) return;
    byId('publish-fault').hidden = true;
    const missing = faults();
    if (missing.length > 0) return showFault('Something is missing:', missing);
    setUploading(new AbortController());
    const file = fileField.file();
    const content = metadata();
    showProgress(0, file.size);
    try {
      const made = await uploadPost({
        metadata: content,
        file,
        key: keyOf(file, content),
        progress: showProgress,
        signal: uploading.signal,
      });
      attempt = { of: '', key: '' };
      announce(isLater() ? 'The post is scheduled.' : 'The post is on its way.');
      clear();
      await posted(made);
    } catch (error) {
      showFault(error.message, error.fields);
      await failed(error);
    } finally {
      setUploading(null);
    }
  });

  /** For the next post; the accounts stay chosen, and what TikTok allows them is asked anew. */
  function clear() {
    const accounts = chosen().map(({ id }) => id);
    const zone = byId('time-zone').value;
    form.reset();
    byId('time-zone').value = zone;
    for (const box of form.querySelectorAll('input[name=account]')) box.checked = accounts.includes(box.value);
    byId('privacy').value = '';
    fileField.clear();
    direct.refresh();
    refresh();
    count();
    void askCreators();
  }

  byId('upload-stop').addEventListener('click', () => uploading?.abort());
  byId('caption').addEventListener('input', count);
  form.addEventListener('change', ({ target }) => {
    if (target.name === 'mode') showAccounts(usable);
    if (target.name === 'account' || target.name === 'mode') void askCreators();
    refresh();
  });
  fillTimeZones(byId('time-zone'));
  refresh();
  count();

  /** An account without the mode's scope is shown, with what it lacks, and can't be chosen. */
  function showAccounts(accounts) {
    const before = new Set(chosen().map(({ id }) => id));
    const first = usable.length === 0;
    usable = accounts;
    byId('publish-accounts').replaceChildren(
      ...accounts.map((account) => {
        const lacks = !account.scopes.includes(SCOPES[mode()]);
        const checked = !lacks && (before.has(account.id) || (first && accounts.length === 1));
        return el(
          'label',
          { class: lacks ? 'choice off' : 'choice' },
          el('input', { type: 'checkbox', name: 'account', value: account.id, checked, disabled: lacks }),
          ` ${accountName(account)}`,
          lacks && ` (connected without ${SCOPES[mode()]}: reconnect it and allow that)`,
        );
      }),
    );
    form.hidden = accounts.length === 0;
    byId('publish-needs-account').hidden = accounts.length > 0;
  }

  return {
    /** @param accounts those that can post */
    offer(accounts) {
      const ids = (list) => list.map(({ id, scopes }) => `${id} ${scopes}`).join();
      const changed = ids(accounts) !== ids(usable);
      if (!changed) return;
      showAccounts(accounts);
      void askCreators();
    },
  };
}

/** 128 random bits; crypto.randomUUID is there on https and localhost only. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
