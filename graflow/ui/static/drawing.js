// Drawings: SVG text to elements, of which only shapes and letters are taken.

const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set(["svg", "title", "desc", "g", "path", "rect", "circle", "ellipse", "line", "polygon", "polyline", "text", "tspan"]);
const ATTRIBUTES = new Set([
  ...["viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "dx", "dy", "points", "transform"],
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "opacity"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline", "role", "data-name", "xml:space"],
]);

/** Return the element `svg` for a text; an earlier one is changed to it, if it can be. */
export function drawing(text, before) {
  const read = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return drawn(read, before?.localName === "svg" ? before : null);
}

function drawn(read, before) {
  const made = before?.localName === read.localName ? before : document.createElementNS(SVG, read.localName);
  attributes(read, made);
  const wanted = [...read.childNodes].filter(isTaken);
  wanted.forEach((child, place) => {
    const old = made.childNodes[place];
    if (child.nodeType === Node.TEXT_NODE) {
      if (old?.nodeType !== Node.TEXT_NODE) put(made, document.createTextNode(child.data), old);
      else if (old.data !== child.data) old.data = child.data;
      return;
    }
    const now = drawn(child, old?.nodeType === Node.ELEMENT_NODE ? old : null);
    if (now !== old) put(made, now, old);
  });
  while (made.childNodes.length > wanted.length) made.lastChild.remove();
  return made;
}

function put(parent, child, old) {
  if (old) old.replaceWith(child);
  else parent.append(child);
}

function isTaken(node) {
  if (node.nodeType === Node.TEXT_NODE) return true;
  return node.namespaceURI === SVG && ELEMENTS.has(node.localName);
}

function attributes(read, made) {
  for (const { name, value } of read.attributes) {
    // A colour may also be a reference to something elsewhere.
    if (!ATTRIBUTES.has(name) || value.includes("url(")) continue;
    if (made.getAttribute(name) !== value) made.setAttribute(name, value);
  }
  for (const { name } of [...made.attributes]) {
    if (!read.hasAttribute(name)) made.removeAttribute(name);
  }
}
