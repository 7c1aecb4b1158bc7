// What a class says of the keys, and whether values fit.

import { el, mark, say } from "./dom.js";
import { duration, many } from "./format.js";

/** The keys that a class declares, as a table that can be folded away. */
export function declaredKeys({ title, doc, keys }) {
  const rows = keys.map((key) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: "mono", text: key.key }),
      el("td", { class: "mono", text: key.type }),
      el("td", { text: key.ttl === null ? "" : duration(key.ttl * 1000) }),
      el("td", { text: key.doc }),
    ),
  );
  const titles = ["Key", "Type", "Lasts", "Meaning"].map((each) => el("th", { scope: "col", text: each }));
  const table = el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...titles)), el("tbody", {}, ...rows));
  const summary = el("summary", {}, el("span", { text: `${title} declares ${many(keys.length, "key")}` }));
  const text = doc ? [el("p", { class: "note", text: doc })] : [];
  return el("details", { class: "panel declared" }, summary, ...text, el("div", { class: "sideways", tabindex: 0, role: "region", "aria-label": "Declared keys" }, table));
}

/** Show beside a type whether the value fits it. */
export function showFit(element, row) {
  if (!("declared" in row)) return;
  if (row.declared === null) mark(element, "data-fit", "unknown");
  else if (row.errors) mark(element, "data-fit", row.errors.length ? "no" : "yes");
  else mark(element, "data-fit", null);
  const misfits = row.errors?.length ?? 0;
  say(element, row.declared === null ? "not declared" : misfits ? "does not fit" : row.errors ? "fits" : "");
}
