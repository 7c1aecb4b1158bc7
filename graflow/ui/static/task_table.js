// The table of a run's tasks, and the drawer that tells all of one.

import { absent, ask } from "./api.js";
import { badge, el, mark, say, showState } from "./dom.js";
import { block, facts, openDrawer } from "./drawer.js";
import { count, duration, many, moment } from "./format.js";
import { follow } from "./live.js";
import { WindowedTable } from "./table.js";
import { STATES } from "./tasks.js";

const COLUMNS = [
  { title: "State", class: "c-state" },
  { title: "Task", class: "c-task" },
  { title: "Attempts", class: "c-number wide" },
  { title: "Started", class: "c-time wide" },
  { title: "Duration", class: "c-number" },
  { title: "Error", class: "c-text wide" },
];

export class TaskTable {
  constructor(asked, model) {
    this.asked = asked;
    this.model = model;
    this.states = new Set();
    this.chips = new Map(STATES.map((state) => [state, this.chip(state)]));
    this.search = el("input", { type: "search", placeholder: "Find in tasks and errors", "aria-label": "Find in tasks and errors", autocomplete: "off", spellcheck: "false", oninput: () => this.choose() });
    this.note = el("span", { class: "note", "aria-live": "polite" });
    this.table = new WindowedTable({
      label: "Tasks",
      columns: COLUMNS,
      make: () => this.row(),
      fill: (row, place) => this.fill(row, model.at(place)),
    });
    const chips = el("div", { class: "chips", role: "group", "aria-label": "States" }, ...this.chips.values());
    this.element = el("section", { class: "tasks", "aria-label": "Tasks" }, el("div", { class: "tools" }, chips, this.search, this.note), this.table.element);
  }

  close() {
    this.table.close();
  }

  chip(state) {
    const number = el("span", { class: "number" });
    const toggle = () => {
      if (!this.states.delete(state)) this.states.add(state);
      mark(chip, "aria-pressed", this.states.has(state));
      this.choose();
    };
    const chip = el("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: toggle }, badge(state), number);
    return chip;
  }

  choose() {
    this.model.select(this.states, this.search.value);
    this.table.element.scrollTop = 0;
    this.draw();
  }

  update(run) {
    for (const [state, chip] of this.chips) say(chip.lastChild, count(run.counts[state]));
    this.model.select(this.states, this.search.value);
    this.draw();
  }

  tick() {
    this.table.draw();
  }

  draw() {
    const { count: shown, selected, tasks } = this.model;
    say(this.note, selected ? `${count(shown)} of ${many(tasks.length, "task")}` : many(tasks.length, "task"));
    this.table.update(shown);
  }

  row() {
    const cells = COLUMNS.map((each) => el("td", { class: each.class }));
    cells[0].append(badge());
    cells[1].append(el("button", { type: "button", class: "link mono" }));
    const row = el("tr", { class: "choice" }, ...cells);
    row.addEventListener("click", () => {
      if (!getSelection().toString()) this.open(row.task);
    });
    row.cells_ = cells;
    return row;
  }

  fill(row, task) {
    if (!task) return; // it comes with the next part
    const { cells_: cells } = row;
    row.task = task.id;
    showState(cells[0].firstChild, task.state);
    say(cells[1].firstChild, task.id);
    cells[1].firstChild.title = task.id;
    say(cells[2], task.attempts ? String(task.attempts) : "");
    say(cells[3], moment(task.started));
    say(cells[4], duration(took(task)));
    say(cells[5], task.error ?? "");
    cells[5].title = task.error ?? "";
  }

  /** Tell all of a task in the drawer, and go on telling. */
  open(id) {
    let stop = () => {};
    let etag;
    const content = openDrawer(id, () => stop());
    const load = async (signal) => {
      const answer = await ask("task", { ...this.asked, task: id }, { signal, etag }).catch(absent);
      if (answer === null) return;
      ({ etag } = answer);
      content.replaceChildren(...(answer.data ? told(answer.data) : [el("p", { class: "note", text: answer.said })]));
    };
    stop = follow("task", load);
  }
}

/** How long a task has taken so far, in ms. */
function took(task) {
  if (task.started === null) return null;
  if (task.ended !== null) return task.ended - task.started;
  return task.state === "running" || task.state === "retrying" ? Date.now() - task.started : null;
}

function told(task) {
  const others = task.after.join(", ") + (task.waits_for > task.after.length ? ", …" : "");
  const known = facts([
    ["State", badge(task.state)],
    ["About", task.doc],
    ["Attempts", task.most > 1 ? `${task.attempts} of ${task.most} at the most` : String(task.attempts)],
    ["Started", moment(task.started)],
    ["Ended", moment(task.ended)],
    ["Duration", duration(took(task))],
    [`Waits for`, task.waits_for > 3 ? `${many(task.waits_for, "task")}: ${others}` : others],
  ]);
  const shown = [known];
  if (task.error) shown.push(block(task.state === "failed" ? "Error" : "Error of the last attempt that failed", task.error));
  if (task.traceback) shown.push(block("Traceback", task.traceback));
  return shown;
}
