/** The element with this id; it is in index.html. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Children are elements, or text, which stays text whatever it holds; null and false are left out.
 * `attributes`: true sets an empty one, false, null and undefined leave it out; `onclick` and the like are listeners.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Shows text in an element, or hides it where there is none. */
export function say(element, text) {
  element.textContent = text ?? '';
  element.hidden = !text;
}

/** Tells people who hear the page what has happened. */
export function announce(text) {
  byId('announcement').textContent = text;
}

/** Swaps children without taking the focus from the control that a person is on, where it is still there under its `data-key`. */
export function replaceKeepingFocus(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
