// The picture of a run's graph, drawn anew when its tasks have changed.

import { ask } from "./api.js";
import { el } from "./dom.js";
import { drawing } from "./drawing.js";

const LEAST = 1000; // ms between two pictures
const LARGEST = 150_000; // characters of a picture whose boxes can be pointed at and chosen
const SMALLEST = 0.75; // of its size, at which letters can still be read

export class PictureView {
  /** `choose(task)` is called when somebody chooses a box. */
  constructor(asked, choose) {
    this.asked = asked;
    this.isDrawn = false;
    this.isWanted = false;
    this.stop = new AbortController();
    this.frame = el("div", { class: "sideways picture", tabindex: 0, role: "region", "aria-label": "Graph of the run" });
    this.frame.addEventListener("click", (event) => {
      const box = event.target.closest("[data-name]");
      if (box) choose(box.getAttribute("data-name"));
    });
    this.fit = el("button", { type: "button", class: "quiet fit-button", "aria-pressed": "true", text: "Fit", title: "Make a large picture smaller", onclick: () => this.toggled() });
    this.element = el("details", { class: "panel", open: true }, el("summary", {}, el("span", { text: "Graph" })), this.fit, this.frame);
    this.element.addEventListener("toggle", () => this.later());
    this.sizes = new ResizeObserver(() => this.fitted());
    this.sizes.observe(this.frame);
  }

  close() {
    this.sizes.disconnect();
    this.stop.abort();
    clearTimeout(this.timer);
  }

  toggled() {
    this.fit.setAttribute("aria-pressed", String(!this.isFitted));
    this.fitted();
    this.centred();
  }

  get isFitted() {
    return this.fit.getAttribute("aria-pressed") === "true";
  }

  /** Make a picture as small as the frame is, as long as it can be read. */
  fitted() {
    const shown = this.frame.firstElementChild;
    const { width, height } = this.size ?? {};
    if (!shown || !width || !this.frame.clientWidth) return;
    const wide = (this.frame.clientWidth - 24) / width;
    const high = (Math.max(240, 0.5 * innerHeight) - 24) / height;
    const scale = this.isFitted ? Math.max(SMALLEST, Math.min(1, wide, high)) : 1;
    shown.style.width = `${Math.round(width * scale)}px`;
  }

  /** Begin in the middle of a high picture, where its first boxes are. */
  centred() {
    this.frame.scrollTop = (this.frame.scrollHeight - this.frame.clientHeight) / 2;
  }

  /** Draw soon, once for all changes until then; while more are coming, later. */
  later(isMore = false) {
    this.isWanted = true;
    if (!isMore && !this.timer && this.element.open) this.timer = setTimeout(() => this.draw(), 0);
  }

  async draw() {
    this.isWanted = false;
    const begun = performance.now();
    try {
      const { signal } = this.stop;
      const answer = await ask("picture", this.asked, { signal, etag: this.etag, text: true });
      if (answer) this.show(answer);
      this.isDrawn = true;
    } catch {
      // The run itself is asked for as well, and says what is wrong.
    }
    if (this.stop.signal.aborted) return;
    const took = performance.now() - begun;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.isWanted) this.later();
    }, Math.max(LEAST, 10 * took));
  }

  show({ data, etag }) {
    this.etag = etag;
    const before = this.frame.firstElementChild;
    const shown = data.length > LARGEST ? image(data) : drawing(data, before);
    const size = /^<svg\b[^>]*? viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(data);
    this.size = size && { width: Number(size[1]), height: Number(size[2]) };
    if (shown !== before) this.frame.replaceChildren(shown);
    this.fitted();
    if (!before) this.centred();
  }
}

/** A picture that is too large for elements: the browser draws it as an image. */
function image(data) {
  const url = URL.createObjectURL(new Blob([data], { type: "image/svg+xml" }));
  const alt = "The tasks and their order, with their states; the table below has them as text.";
  const made = el("img", { src: url, alt });
  const release = () => URL.revokeObjectURL(url);
  made.addEventListener("load", release);
  made.addEventListener("error", release);
  return made;
}
