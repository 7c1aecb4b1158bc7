// A table of any number of rows, of which only those that can be seen are elements.

import { el } from "./dom.js";

const BEYOND = 8; // rows above and below what can be seen
const ROW = 36; // px; style.css has it, too

export class WindowedTable {
  /**
   * `columns` have a `title`, and a `class`; `fill(row, place)` shows what is at a place, whose row
   * has its `cells`; `open(place)` is called when somebody chooses a row.
   */
  constructor({ label, columns, make, fill }) {
    this.fill = fill;
    this.make = make;
    this.count = 0;
    this.rows = new Map(); // by place
    const titles = columns.map((each) => el("th", { scope: "col", class: each.class, text: each.title }));
    this.above = el("tr", { class: "space", "aria-hidden": "true" });
    this.below = el("tr", { class: "space", "aria-hidden": "true" });
    this.body = el("tbody", {}, this.above, this.below);
    this.table = el("table", { "aria-label": label }, el("thead", {}, el("tr", { "aria-rowindex": 1 }, ...titles)), this.body);
    this.element = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label, onscroll: () => this.later() }, this.table);
    this.element.addEventListener("keydown", (event) => this.moved(event));
    this.sizes = new ResizeObserver(() => this.later());
    this.sizes.observe(this.element);
  }

  close() {
    this.sizes.disconnect();
    cancelAnimationFrame(this.waiting);
  }

  /** Show so many rows, and what is in them now. */
  update(count) {
    this.count = count;
    this.table.setAttribute("aria-rowcount", count + 1);
    this.draw();
  }

  later() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.min(Math.floor(scrollTop / ROW), this.count) - BEYOND);
    const last = Math.min(this.count, Math.ceil((scrollTop + (clientHeight || 600)) / ROW) + BEYOND);
    for (const [place, row] of this.rows) {
      if (place >= first && place < last) continue;
      row.remove();
      this.rows.delete(place);
    }
    let before = this.above;
    for (let place = first; place < last; place += 1) {
      let row = this.rows.get(place);
      if (!row) {
        row = this.make();
        row.setAttribute("aria-rowindex", place + 2);
        this.rows.set(place, row);
      }
      if (before.nextSibling !== row) before.after(row);
      this.fill(row, place);
      before = row;
    }
    this.above.style.height = `${first * ROW}px`;
    this.below.style.height = `${(this.count - last) * ROW}px`;
  }

  /** Arrow keys go from row to row, also to those that are not there yet. */
  moved(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    const row = event.target.closest?.("tr[aria-rowindex]");
    if (!by || !row || event.target === this.element) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(this.count - 1, Number(row.getAttribute("aria-rowindex")) - 2 + by));
    this.reveal(place);
    this.rows.get(place)?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** Scroll to a row, and make it. */
  reveal(place) {
    const top = place * ROW;
    const head = this.table.tHead.offsetHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW + head > scrollTop + clientHeight) this.element.scrollTop = top + ROW + head - clientHeight;
    this.draw();
  }
}
