// Elements made of plain data. Text is only ever text: nothing here makes HTML of it.

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Return text with its invisible characters, and those that turn others around, written out. */
export function plain(text) {
  return String(text).replace(
    CONTROLS,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Make an element; `on...` are listeners, `class` and `text` what they say, others attributes. */
export function el(tag, settings = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = plain(value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Change the text of an element, if it is another one. */
export function say(element, text) {
  const said = plain(text);
  if (element.textContent !== said) element.textContent = said;
}

/** Set an attribute, or remove it for `null`, if it is another one. */
export function mark(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A state in words, with a mark of its own, so that it is not told by a colour alone. */
export function badge(state = "") {
  const made = el("span", { class: "state" });
  showState(made, state);
  return made;
}

export function showState(element, state) {
  mark(element, "data-state", state);
  say(element, state);
}
