import { byId, el, say } from '/pages/shared/dom.js';
import { privacyWord } from './wording.js';

/** What TikTok wants people to be told: https://developers.tiktok.com/docs/en/content-sharing-guidelines */
const MUSIC = { text: 'Music Usage Confirmation', href: 'https://www.tiktok.com/legal/page/global/music-usage-confirmation/en' };
const BRANDED = { text: 'Branded Content Policy', href: 'https://www.tiktok.com/legal/page/global/bc-policy/en' };
const INTERACTIONS = ['comment', 'duet', 'stitch'];

/** The options of a direct post: only what TikTok offers, and nothing chosen beforehand. */
export function setUpDirectOptions() {
  const privacy = byId('privacy');
  const disclose = byId('disclose');
  const organic = byId('brand-organic');
  const branded = byId('brand-content');
  const isBranded = () => disclose.checked && branded.checked;

  const refresh = () => {
    byId('disclosure').hidden = !disclose.checked;
    for (const option of privacy.options) option.disabled = option.value === 'SELF_ONLY' && isBranded();
    // A branded post may not be private: whoever had chosen that chooses again.
    if (isBranded() && privacy.value === 'SELF_ONLY') privacy.value = '';
    say(byId('privacy-hint'), isBranded() ? 'Branded content can not be seen by “Only you” alone.' : '');
    byId('disclosure-label').textContent = labelSentence({
      disclosed: disclose.checked,
      organic: organic.checked,
      branded: branded.checked,
    });
    declare(isBranded());
  };
  for (const box of [disclose, organic, branded]) box.addEventListener('change', refresh);
  offer({ privacyLevels: [], disabled: { comment: [], duet: [], stitch: [] } });

  function offer({ privacyLevels, disabled }) {
    const before = privacy.value;
    privacy.replaceChildren(
      el('option', { value: '' }, 'Choose who can see it'),
      ...privacyLevels.map((level) => el('option', { value: level }, privacyWord(level))),
    );
    privacy.value = privacyLevels.includes(before) ? before : '';
    const reasons = [];
    for (const name of INTERACTIONS) {
      const box = byId(`allow-${name}`);
      box.disabled = disabled[name].length > 0;
      if (box.disabled) {
        box.checked = false;
        reasons.push(`${name}: switched off in TikTok by ${disabled[name].join(', ')}`);
      }
      box.closest('label').classList.toggle('off', box.disabled);
    }
    say(byId('interaction-hint'), reasons.join('; '));
    refresh();
  }

  return {
    offer,
    /** What is still to be chosen: [{ field, message }] */
    faults: () => [
      ...(privacy.value === '' ? [{ field: 'Who can see it', message: 'choose one', control: privacy }] : []),
      ...(disclose.checked && !organic.checked && !branded.checked
        ? [{ field: 'Disclosure', message: 'say whether it promotes your brand, a third party, or both', control: organic }]
        : []),
    ],
    metadata: () => ({
      privacy_level: privacy.value,
      disable_comment: !byId('allow-comment').checked,
      disable_duet: !byId('allow-duet').checked,
      disable_stitch: !byId('allow-stitch').checked,
      brand_organic: disclose.checked && organic.checked,
      brand_content: isBranded(),
      is_aigc: byId('is-aigc').checked,
      cover_timestamp_ms: byId('cover').value === '' ? null : Math.round(Number(byId('cover').value) * 1_000),
    }),
    refresh,
  };
}

function labelSentence({ disclosed, organic, branded }) {
  if (!disclosed) return '';
  if (branded) return 'Your post will be labelled “Paid partnership”.';
  if (organic) return 'Your post will be labelled “Promotional content”.';
  return 'Say whether it promotes your brand, a third party, or both.';
}

function declare(isBranded) {
  const link = ({ text, href }) => el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text);
  byId('declaration').replaceChildren(
    'By posting, you agree to TikTok’s ',
    ...(isBranded ? [link(BRANDED), ' and '] : []),
    link(MUSIC),
    '.',
  );
}
