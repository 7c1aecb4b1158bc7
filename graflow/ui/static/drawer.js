// A drawer beside the page, for one task or one key in full.

import { el } from "./dom.js";

let shut = null; // what closes the one that is open

/** Open the drawer with a title; return the element to fill. `closed` is told when it closes. */
export function openDrawer(title, closed = () => {}) {
  const from = document.activeElement;
  closeDrawer(false);
  const drawer = document.getElementById("drawer");
  const content = el("div", { class: "content" });
  const close = el("button", { type: "button", class: "quiet", text: "Close", onclick: () => closeDrawer() });
  const heading = el("h2", { id: "drawer-title", tabindex: -1, text: title });
  drawer.replaceChildren(el("header", {}, heading, close), content);
  drawer.hidden = false;
  heading.focus({ preventScroll: true });
  shut = (returns) => {
    drawer.hidden = true;
    drawer.replaceChildren();
    closed();
    if (returns && from?.isConnected) from.focus({ preventScroll: true });
  };
  return content;
}

/** Close the drawer, if it is open; the focus goes back to where it was. */
export function closeDrawer(returns = true) {
  const end = shut;
  shut = null;
  end?.(returns);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shut) closeDrawer();
});

/** A list of names, each with what it is about. */
export function facts(pairs) {
  const items = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, ...items.map(([name, value]) => fact(name, value)));
}

function fact(name, value) {
  const shown = value instanceof Node ? el("dd", {}, value) : el("dd", { text: value });
  return el("div", {}, el("dt", { text: name }), shown);
}

/** A block of text as it stands, with a title and a button that copies it. */
export function block(title, text) {
  const copy = el("button", { type: "button", class: "quiet", text: "Copy" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not allowed"; // as on a page that is not on the loopback
    }
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  const head = el("header", {}, el("h3", { text: title }), copy);
  return el("section", { class: "block" }, head, el("pre", { tabindex: 0, text }));
}
