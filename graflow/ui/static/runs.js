// The runs on a channel.

import { ask } from "./api.js";
import { badge, el, say, showState } from "./dom.js";
import { count, duration, many, moment } from "./format.js";
import { follow } from "./live.js";
import { to } from "./route.js";
import { WindowedTable } from "./table.js";

const COLUMNS = [
  { title: "State", class: "c-state" },
  { title: "Workflow", class: "c-flow" },
  { title: "Run", class: "c-id wide" },
  { title: "Begun", class: "c-time wide" },
  { title: "Duration", class: "c-number" },
  { title: "Tasks done", class: "c-number wide" },
  { title: "Error", class: "c-text wide" },
];

/** Show the runs in an element; return a function that ends it. */
export function showRuns(parent, channel) {
  let runs = [];
  let etag;
  const note = el("p", { class: "note", text: "Reading …" });
  const table = new WindowedTable({
    label: "Runs",
    columns: COLUMNS,
    make: () => row(),
    fill: (made, place) => fill(made, runs[place], channel),
  });
  table.element.hidden = true;
  parent.replaceChildren(table.element, note);

  const load = async (signal) => {
    const answer = await ask("runs", { channel }, { signal, etag });
    if (answer) {
      ({ runs } = answer.data);
      ({ etag } = answer);
      const { total } = answer.data;
      if (total === 0) say(note, "No run has been on this channel of late. A workflow that is given this channel shows up here when it runs.");
      else say(note, total > runs.length ? `The latest ${runs.length} of ${many(total, "run")}.` : many(total, "run"));
      table.element.hidden = total === 0;
    }
    table.update(runs.length);
  };
  const stop = follow("view", load);
  return () => (stop(), table.close());
}

function row() {
  const cells = COLUMNS.map((each) => el("td", { class: each.class }));
  cells[0].append(badge());
  cells[1].append(el("a"));
  const made = el("tr", {}, ...cells);
  made.addEventListener("click", (event) => {
    if (!event.target.closest("a") && !getSelection().toString()) made.querySelector("a").click();
  });
  made.cells_ = cells;
  return made;
}

function fill({ cells_: cells }, run, channel) {
  showState(cells[0].firstChild, run.state);
  const link = cells[1].firstChild;
  say(link, run.workflow);
  link.title = run.workflow;
  link.setAttribute("href", to("channel", channel, "run", run.id));
  say(cells[2], run.id);
  cells[2].title = run.id;
  say(cells[3], moment(run.begun));
  say(cells[4], duration(lasted(run)));
  say(cells[5], run.total === null ? "" : `${count(run.done)} of ${count(run.total)}`);
  say(cells[6], brief(run.error ?? ""));
  cells[6].title = run.error ?? "";
}

/** What ended a run, for a narrow column: which task failed, and of what. */
function brief(error) {
  return error.replace(/^TaskFailedError: workflow .+? failed in (task )?/, "");
}

/** How long a run has taken so far, in ms; of one that died nobody knows. */
export function lasted(run) {
  if (run.ended !== null) return run.ended - run.begun;
  return run.state === "running" ? Date.now() - run.begun : null;
}
