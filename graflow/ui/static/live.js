// Loops that keep what is shown true, as long as somebody looks at it.

import { report } from "./status.js";

const LONGEST_PAUSE = 10_000; // ms, between two attempts to reach a server that is gone
const news = new EventTarget(); // a loop that was cut off has come through: the others try, too

/** Wait, until a signal ends it; or, if something was wrong, there is news. */
function pause(ms, signal, isFailing) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      news.removeEventListener("back", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (isFailing) news.addEventListener("back", end);
  });
}

/** Wait until the page can be seen; whoever is away costs nothing. */
function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  report("away", true);
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      report("away", false);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
}

/**
 * Call `load(signal)` again and again, and return a function that ends it.
 *
 * `load` returns the ms until the next time, if it is not `every`. When it fails, that is shown,
 * and tried again after a pause that grows.
 */
export function follow(name, load, { every = 1000 } = {}) {
  const stop = new AbortController();
  const { signal } = stop;
  (async () => {
    let failures = 0;
    while (!signal.aborted) {
      let wait;
      try {
        await seen(signal);
        if (signal.aborted) return;
        wait = (await load(signal)) ?? every;
        if (!signal.aborted) report(name, null);
        if (failures) news.dispatchEvent(new Event("back"));
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        wait = Math.min(every * 2 ** failures, LONGEST_PAUSE);
        report(name, error);
      }
      await pause(wait, signal, failures > 0);
    }
  })();
  return () => {
    stop.abort();
    report(name, null);
  };
}
