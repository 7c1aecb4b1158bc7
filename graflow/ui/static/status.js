// What the page says of its own state: live, away, or cut off.

import { Gone, Refused } from "./api.js";
import { mark, say } from "./dom.js";

const troubles = new Map();
let isAway = false;

/** Tell how a loop is getting on: an error, or `null`. */
export function report(name, what) {
  if (name === "away") isAway = what;
  else if (what === null) troubles.delete(name);
  else troubles.set(name, what);
  show();
}

function show() {
  const status = document.getElementById("status");
  const banner = document.getElementById("banner");
  const worst = [...troubles.values()].sort((one, other) => weight(other) - weight(one))[0];
  const told = worst ? explained(worst) : null;
  const state = told ? told.state : isAway ? "paused" : "live";
  mark(status, "data-status", state);
  say(status, { live: "Live", paused: "Paused", lost: "Not connected", problem: "Problem" }[state]);
  banner.hidden = !told;
  if (told) say(banner, told.text);
  mark(document.body, "data-stale", told?.state === "lost" ? "" : null);
}

function weight(error) {
  if (error instanceof Gone) return 3;
  return error instanceof Refused && error.status !== 404 ? 2 : 1;
}

function explained(error) {
  if (error instanceof Gone) {
    const text = "graflow ui does not answer; it may have been stopped. What is shown is from before. Trying again …";
    return { state: "lost", text };
  }
  if (error instanceof Refused && error.status === 503) {
    return { state: "lost", text: `The channels can't be reached. Trying again … (${error.message})` };
  }
  if (error instanceof Refused) return { state: error.status === 403 ? "lost" : "problem", text: error.message };
  return { state: "problem", text: `The page has an error: ${error.message}` };
}
