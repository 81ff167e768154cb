/** Top-level domains beside the countries' two letters that are met in chats; `word.word` is more often a missing space. */
const NAMES =
  'com|net|org|info|biz|edu|gov|app|dev|xyz|top|site|online|shop|store|live|link|click|club|vip|win|bet|casino|porn|sex|xxx|tube|fun|icu|buzz|lol|pro|page|blog|news|space|tech|website|chat|game|games|gift|gifts|loan|trade|zip|mov|onion|рф';
const COUNTRIES =
  'ac|ae|af|ag|ai|al|am|ar|at|au|az|ba|bd|be|bg|br|by|bz|ca|cc|cd|ch|ci|cl|cm|cn|co|cx|cz|de|dk|do|ec|ee|es|eu|fi|fm|fr|ga|ge|gg|gl|gq|gr|gs|hk|hn|hr|hu|id|ie|il|im|in|io|ir|is|it|je|jp|ke|kr|kz|la|li|lk|lt|lu|lv|ly|ma|md|me|mk|ml|mn|ms|mu|mx|my|ng|nl|no|nu|nz|pa|pe|ph|pk|pl|pm|pt|pw|qa|re|ro|rs|ru|sa|se|sg|sh|si|sk|st|su|tc|tf|th|tk|tl|tn|to|tr|tv|tw|ua|ug|uk|us|uy|uz|vc|ve|vg|vn|ws|za';

const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]*[\\p{L}\\p{N}])?';
const SCHEME = /(?:^|[^a-z])(?:h(?:tt|xx)ps?|ftp|wss?|tg|discord|magnet|mailto|javascript|data):\S/u;
const WWW = /(?:^|[^\p{L}\p{N}])www\s?\.\s?[\p{L}\p{N}]/u;
const DOMAIN = new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${LABEL}\\.)+(?:${NAMES}|${COUNTRIES})(?![\\p{L}\\p{N}_-])`, 'u');
/** An address that is more than a version number: with a port or a path. */
const ADDRESS = /(?:^|[^\d.])\d{1,3}(?:\.\d{1,3}){3}[:/]\S/u;
/** Dots as they are hidden: "example [dot] com", "example (.) com", and the dots of other scripts. */
const HIDDEN_DOT = /\s*[([{<]\s*(?:dot|\.)\s*[)\]}>]\s*|\s+dot\s+|[\u3002\uFF61\u2024]/gu;

/** Whether a message has a link, or the address of a site that people would type in. */
export function hasLink(message: string): boolean {
  const text = message.normalize('NFKC').toLowerCase().replace(/[\p{Cf}\uFE0F]/gu, '').replace(HIDDEN_DOT, '.');
  return SCHEME.test(text) || WWW.test(text) || DOMAIN.test(text) || ADDRESS.test(text);
}
