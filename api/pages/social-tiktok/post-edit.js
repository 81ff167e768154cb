import { api } from '/pages/shared/api.js';
import { byId, say } from '/pages/shared/dom.js';
import { countOf } from '/pages/shared/format.js';
import { fillTimeZones, localTime, wallTime } from './schedule.js';

const MAX_CAPTION = 2_200;

/** The dialog that changes a post before it begins. */
export function setUpEdit() {
  const dialog = byId('edit');
  const caption = byId('edit-caption');
  const time = byId('edit-publish-at');
  const zone = byId('edit-time-zone');
  let current = null;

  const count = () => (byId('edit-caption-count').textContent = countOf(caption.value, MAX_CAPTION));

  function change({ post, shownTime }) {
    const timeChanged = time.value !== shownTime || zone.value !== (post.time_zone ?? zone.value);
    return {
      ...(caption.value === post.caption ? {} : { caption: caption.value }),
      ...(timeChanged ? (time.value === '' ? { publish_at: null } : wallTime(time.value, zone.value)) : {}),
    };
  }

  caption.addEventListener('input', count);
  byId('edit-close').addEventListener('click', () => dialog.close());
  byId('edit-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    say(byId('edit-fault'), '');
    const changes = change(current);
    try {
      if (Object.keys(changes).length > 0) current.changed(await api.patch(`/api/posts/${current.post.id}`, changes));
      dialog.close();
    } catch (error) {
      const fields = (error.fields ?? []).map(({ field, message }) => `${field}: ${message}`);
      say(byId('edit-fault'), [error.message, ...fields].join(' '));
    }
  });

  /** `changed` is called with the post as it then is. */
  return (post, changed) => {
    fillTimeZones(zone, post.time_zone ?? undefined);
    caption.value = post.caption;
    const shownTime = post.publish_at ? localTime(post.publish_at, zone.value) : '';
    time.value = shownTime;
    current = { post, shownTime, changed };
    say(byId('edit-fault'), '');
    count();
    dialog.showModal();
    caption.focus();
  };
}
