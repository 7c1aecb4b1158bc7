// A run: how far it is, its graph, and its tasks.

import { absent, ask } from "./api.js";
import { badge, el, mark, plain, say, showState } from "./dom.js";
import { closeDrawer } from "./drawer.js";
import { duration, many, moment } from "./format.js";
import { follow } from "./live.js";
import { PictureView } from "./picture.js";
import { lasted } from "./runs.js";
import { TaskModel } from "./tasks.js";
import { TaskTable } from "./task_table.js";

/** Show a run in an element; return a function that ends it. */
export function showRun(parent, channel, id) {
  const view = new RunView(channel, id);
  parent.replaceChildren(...view.elements);
  return () => view.close();
}

class RunView {
  constructor(channel, id) {
    this.asked = { channel, run: id };
    this.model = new TaskModel();
    this.head = new RunHead(id);
    this.picture = new PictureView(this.asked, (task) => this.model.has(task) && this.table.open(task));
    this.table = new TaskTable(this.asked, this.model);
    this.elements = [this.head.element, this.picture.element, this.table.element];
    for (const each of this.elements.slice(1)) each.hidden = true;
    this.stop = follow("view", (signal) => this.load(signal));
    this.clock = setInterval(() => this.tick(), 500);
  }

  close() {
    this.stop();
    clearInterval(this.clock);
    this.picture.close();
    this.table.close();
    closeDrawer(false);
  }

  /** Ask for what has changed; a big change comes in parts, each of which is taken by itself. */
  async load(signal) {
    const { epoch, next } = this.model;
    const { data, said } = await ask("run", { ...this.asked, epoch, since: next }, { signal }).catch(absent);
    if (data === null) {
      this.head.missing(said);
      for (const each of this.elements.slice(1)) each.hidden = true;
      return 3000;
    }
    const changed = this.model.take(data);
    this.run = data.run;
    this.head.show(data.run);
    for (const each of this.elements.slice(1)) each.hidden = false;
    if (changed || !this.picture.isDrawn) this.picture.later(data.more);
    this.table.update(data.run);
    if (data.more) return 0;
    return data.run.state === "running" ? 1000 : 3000;
  }

  /** Let times go on between two answers. */
  tick() {
    if (document.hidden || this.run?.state !== "running") return;
    this.head.tick(this.run);
    this.table.tick();
  }
}

class RunHead {
  constructor(id) {
    this.state = badge();
    this.name = el("h2", { class: "flow" });
    this.facts = el("dl", { class: "facts" });
    this.begun = this.fact("Begun");
    this.lasted = this.fact("Duration");
    this.done = this.fact("Tasks done");
    this.bar = el("div", { class: "progress", role: "progressbar", "aria-label": "Tasks done", "aria-valuemin": 0 });
    this.parts = new Map(
      ["finished", "failed", "retrying", "running"].map((state) => [state, el("span", { "data-state": state })]),
    );
    this.bar.append(...this.parts.values());
    this.error = el("pre", { class: "error", tabindex: 0, "aria-label": "Error", hidden: true });
    this.spoken = el("p", { class: "spoken", role: "status", "aria-live": "polite" });
    const title = el("div", { class: "title" }, this.name, this.state);
    this.element = el("section", { class: "run", "aria-label": `Run ${id}` }, title, this.facts, this.bar, this.error, this.spoken);
  }

  fact(name) {
    const value = el("dd");
    this.facts.append(el("div", {}, el("dt", { text: name }), value));
    return value;
  }

  missing(text) {
    say(this.error, text);
    this.error.hidden = false;
  }

  show(run) {
    const done = run.counts.finished;
    showState(this.state, run.state);
    say(this.name, run.workflow);
    document.title = plain(`${run.workflow}: ${run.state} · graflow`);
    say(this.begun, moment(run.begun));
    say(this.done, `${done.toLocaleString("en")} of ${run.total.toLocaleString("en")}`);
    mark(this.bar, "aria-valuemax", run.total);
    mark(this.bar, "aria-valuenow", done);
    for (const [state, part] of this.parts) {
      part.style.width = `${(100 * run.counts[state]) / (run.total || 1)}%`;
    }
    say(this.error, run.error ?? "");
    this.error.hidden = !run.error;
    this.tick(run);
    // Only what matters is read out, and not each task.
    const failed = run.counts.failed ? `, ${many(run.counts.failed, "task")} failed` : "";
    say(this.spoken, `The run is ${run.state}${failed}.`);
  }

  tick(run) {
    const ms = lasted(run);
    say(this.lasted, ms === null ? "unknown" : duration(ms));
  }
}

