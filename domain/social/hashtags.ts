/** More than any description of an honest author has. */
export const MAX_HASHTAGS = 30;
/** Everyone of them is told: a longer list is spam. */
export const MAX_MENTIONS = 10;

/** Behind a letter, digit or & it is part of something else, such as an address or &#39;. */
const HASHTAG = /(?<![\p{L}\p{N}_&])#([\p{L}\p{N}_][\p{L}\p{M}\p{N}_]{0,99})/gu;
const MENTION = /(?<![\p{L}\p{N}_.])@([a-z0-9._]{2,30})/giu;

/** The hashtags of a text: lower case, without #, each once, in the order in which they come; at most MAX_HASHTAGS. */
export const hashtagsOf = (text: string): string[] => firstOf(namesOf(text.normalize('NFC'), HASHTAG), MAX_HASHTAGS);

/** The usernames that a text mentions: lower case, without @, each once; at most MAX_MENTIONS. A dot at the end ends the sentence, not the name. */
export const mentionsOf = (text: string): string[] =>
  firstOf(
    namesOf(text, MENTION)
      .map((name) => name.replace(/\.+$/, ''))
      .filter((name) => name.length >= 2),
    MAX_MENTIONS,
  );

const namesOf = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name!.toLowerCase());
const firstOf = (names: readonly string[], most: number): string[] => [...new Set(names)].slice(0, most);
