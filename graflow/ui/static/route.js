// Places in the page, as the part of the address after its `#`.

/** Return where an address leads: the channel, and the run or the part of it, if there is one. */
export function here() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (parts[0] !== "channel" || !parts[1]) return {};
  const [, channel, part = "runs", run = ""] = parts;
  return { channel, part: ["runs", "keys", "run"].includes(part) ? part : "runs", run };
}

/** Return the address of a place. */
export function to(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
