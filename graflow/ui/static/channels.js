// The list of channels at the side.

import { ask } from "./api.js";
import { el, mark } from "./dom.js";
import { follow } from "./live.js";
import { here, to } from "./route.js";
import { count, many } from "./format.js";

const MOST = 500; // channels in the list; the others are found by their names

/** Show the channels in an element, and keep them up to date. */
export function showChannels(parent) {
  const list = el("ul", {});
  const note = el("p", { class: "note" });
  const search = el("input", { type: "search", placeholder: "Find a channel", "aria-label": "Find a channel", autocomplete: "off", spellcheck: "false" });
  parent.replaceChildren(el("h2", { text: "Channels" }), search, list, note);
  let names = null;
  let etag;

  const draw = () => {
    if (names === null) return;
    const wanted = search.value.toLowerCase();
    const found = names.filter((name) => name.toLowerCase().includes(wanted));
    list.replaceChildren(...found.slice(0, MOST).map(item));
    search.hidden = names.length < 8;
    if (names.length === 0) note.textContent = "There are no channels here yet. One appears as soon as it holds something.";
    else if (found.length > MOST) note.textContent = `${count(MOST)} of ${many(found.length, "channel")} are listed.`;
    else note.textContent = found.length ? "" : "No channel has this in its name.";
    point();
  };
  const point = () => {
    const { channel } = here();
    for (const link of list.querySelectorAll("a")) mark(link, "aria-current", link.dataset.name === channel ? "page" : null);
  };
  const load = async (signal) => {
    const answer = await ask("channels", {}, { signal, etag });
    if (answer) {
      const first = names === null;
      names = answer.data.channels;
      if (first && names.length === 1 && !here().channel) location.replace(to("channel", names[0], "runs"));
      ({ etag } = answer);
      draw();
    }
    return names.length > MOST ? 10_000 : 3_000;
  };
  search.addEventListener("input", draw);
  window.addEventListener("hashchange", point);
  follow("channels", load);
}

function item(name) {
  const link = el("a", { href: to("channel", name, "runs"), text: name, title: name });
  link.dataset.name = name;
  return el("li", {}, link);
}
