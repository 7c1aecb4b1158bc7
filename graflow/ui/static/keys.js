// The keys of a channel with their values, one page at a time.

import { absent, ask } from "./api.js";
import { declaredKeys, showFit } from "./declared.js";
import { block, closeDrawer, facts, openDrawer } from "./drawer.js";
import { el, say } from "./dom.js";
import { count, duration, size } from "./format.js";
import { follow } from "./live.js";
import { WindowedTable } from "./table.js";

const COLUMNS = [
  { title: "Key", class: "c-key" },
  { title: "Type", class: "c-type" },
  { title: "Size", class: "c-number wide" },
  { title: "Expires in", class: "c-number wide" },
  { title: "Value", class: "c-text wide" },
];

/** Show the keys in an element; return a function that ends it. */
export function showKeys(parent, channel, about) {
  const view = new KeysView(channel, about);
  parent.replaceChildren(...view.elements);
  return () => view.close();
}

class KeysView {
  constructor(channel, about) {
    this.channel = channel;
    this.first = 0;
    this.prefix = "";
    this.rows = [];
    this.search = el("input", { type: "search", placeholder: "Keys that begin with …", "aria-label": "Keys that begin with", autocomplete: "off", spellcheck: "false", class: "mono" });
    this.search.addEventListener("input", () => this.typed());
    const turn = (by) => () => this.go(this.first + by * this.size);
    this.back = el("button", { type: "button", text: "Previous", onclick: turn(-1), disabled: true });
    this.next = el("button", { type: "button", text: "Next", onclick: turn(1), disabled: true });
    this.note = el("span", { class: "note", "aria-live": "polite", text: "Reading …" });
    this.table = new WindowedTable({
      label: "Keys",
      columns: COLUMNS,
      make: () => this.row(),
      fill: (made, place) => fill(made, this.rows[place]),
    });
    const pages = el("div", { class: "pages" }, this.note, this.back, this.next);
    this.elements = [
      ...(about.declared ? [declaredKeys(about.declared)] : []),
      el("div", { class: "tools" }, this.search, pages),
      this.table.element,
    ];
    this.table.element.hidden = true;
    this.begin();
  }

  begin() {
    this.stop?.();
    this.etag = undefined;
    this.stop = follow("view", (signal) => this.load(signal), { every: 2000 });
  }

  close() {
    this.stop();
    clearTimeout(this.timer);
    this.table.close();
    closeDrawer(false);
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.prefix = this.search.value;
      this.go(0);
    }, 200);
  }

  go(first) {
    this.first = Math.max(0, first);
    this.table.element.scrollTop = 0;
    this.begin();
  }

  async load(signal) {
    const asked = { channel: this.channel, prefix: this.prefix, first: this.first };
    const answer = await ask("keys", asked, { signal, etag: this.etag });
    if (answer === null) return;
    const { keys, read, total, size } = answer.data;
    this.etag = answer.etag;
    this.size = size;
    this.rows = keys;
    this.back.disabled = this.first === 0;
    this.next.disabled = total === null ? read < size : this.first + size >= total;
    if (read === 0) say(this.note, this.prefix ? "No key begins with this." : "There are no keys.");
    else say(this.note, `${count(this.first + 1)}–${count(this.first + read)} of ${total === null ? "many" : count(total)}`);
    this.table.element.hidden = keys.length === 0;
    this.table.update(keys.length);
  }

  row() {
    const cells = COLUMNS.map((each) => el("td", { class: each.class }));
    cells[0].append(el("button", { type: "button", class: "link mono" }));
    cells[1].append(el("span", {}), el("span", { class: "fit" }));
    const made = el("tr", { class: "choice" }, ...cells);
    made.addEventListener("click", () => {
      if (!getSelection().toString()) this.open(made.key);
    });
    made.cells_ = cells;
    return made;
  }

  open(key) {
    let stop = () => {};
    const content = openDrawer(key, () => stop());
    const expires = el("span");
    let etag;
    let before;
    const load = async (signal) => {
      const answer = await ask("value", { channel: this.channel, key }, { signal, etag }).catch(absent);
      if (answer === null) return;
      ({ etag } = answer);
      const { left, ...rest } = answer.data ?? answer;
      say(expires, left === null ? "never" : duration(left));
      const now = JSON.stringify(rest);
      if (now === before) return; // what somebody is reading, or has selected, stays as it is
      before = now;
      content.replaceChildren(...(answer.data ? told(rest, expires) : [el("p", { class: "note", text: answer.said })]));
    };
    stop = follow("value", load, { every: 2000 });
  }
}

function fill(made, row) {
  const { cells_: cells } = made;
  made.key = row.key;
  say(cells[0].firstChild, row.key);
  cells[0].firstChild.title = row.key;
  say(cells[1].firstChild, row.declared ?? row.type ?? "large value");
  cells[1].firstChild.title = row.declared ? `declared as ${row.declared}; stored as ${row.type ?? "?"}` : "";
  showFit(cells[1].lastChild, row);
  say(cells[2], size(row.size));
  say(cells[3], row.left === null ? "" : duration(row.left));
  say(cells[4], row.preview ?? "open it to read it");
}

/** What the drawer says of a value. */
function told(value, expires) {
  const known = facts([
    ["Stored as", value.type],
    ["Declared as", "declared" in value ? (value.declared ?? "nothing: the class has no such key") : null],
    ["Size", value.size < 1000 ? size(value.size) : `${size(value.size)} (${count(value.size)} bytes)`],
    ["Expires in", expires],
    ["Etag", el("code", { text: value.etag })],
  ]);
  const shown = [known];
  if (value.errors) shown.push(fits(value.errors));
  shown.push(block("Value", value.text));
  if (value.cut) shown.push(el("p", { class: "note", text: `Shortened: the first ${size(value.text.length)} of ${size(value.size)} are shown. graflow get prints all of it.` }));
  return shown;
}

function fits(errors) {
  if (errors.length === 0) return el("p", { class: "fits", text: "The value fits what the key is declared as." });
  const items = errors.map(([path, message, found]) =>
    el("li", {}, el("code", { text: path || "the value itself" }), el("span", { text: ` ${message}` }), el("span", { class: "note", text: found ? ` (found ${found})` : "" })),
  );
  return el("section", { class: "misfits" }, el("h3", { text: "The value does not fit" }), el("ul", {}, ...items));
}
