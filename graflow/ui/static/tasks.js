// The tasks of a run as they were told of last.

export const STATES = ["waiting", "running", "retrying", "finished", "failed"];

/** All tasks by their place in the graph; of each change only what is new is taken. */
export class TaskModel {
  constructor() {
    this.begin("");
  }

  begin(epoch) {
    this.epoch = epoch;
    this.next = 0;
    this.tasks = [];
    this.selected = null; // places of those that are wanted; `null` for all
  }

  /** Take an answer; tell whether it has changed anything. */
  take({ epoch, next, tasks }) {
    const isNew = epoch !== this.epoch;
    if (isNew) this.begin(epoch);
    for (const [place, id, state, attempts, started, ended, error] of tasks) {
      this.tasks[place] = { id, state, attempts, started, ended, error };
    }
    this.next = next;
    return isNew || tasks.length > 0;
  }

  /** Choose the tasks in one of some states, all if there are none, that have a text in them. */
  select(states, text) {
    const wanted = text.toLowerCase();
    if (!states.size && !wanted) {
      this.selected = null;
      return;
    }
    this.selected = [];
    this.tasks.forEach((task, place) => {
      if (states.size && !states.has(task.state)) return;
      if (wanted && !`${task.id}\n${task.error ?? ""}`.toLowerCase().includes(wanted)) return;
      this.selected.push(place);
    });
  }

  /** Whether there is a task with an id; a box of a picture may stand for several. */
  has(id) {
    return this.tasks.some((task) => task.id === id);
  }

  get count() {
    return this.selected ? this.selected.length : this.tasks.length;
  }

  /** The task that stands at a place of the table. */
  at(place) {
    return this.tasks[this.selected ? this.selected[place] : place];
  }
}
