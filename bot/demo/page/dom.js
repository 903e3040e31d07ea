// Building and changing nodes. Text enters the page here, and only as text.

const SVG = "http://www.w3.org/2000/svg";

/** A node: `el("button.primary", {type: "button", onclick}, "文字", child)`. */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) set(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets one attribute or listener; null and false take it away. Nothing is touched that is already so. */
export function set(node, key, value) {
  if (key.startsWith("on")) node[key] = value;
  else if (value === null || value === undefined || value === false) node.removeAttribute(key);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(key) !== text) node.setAttribute(key, text);
  }
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Brings the children of `parent` to `items`, keeping, moving and changing nodes in place. */
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyedNodes ?? (parent.keyedNodes = new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, node] of known) {
    if (wanted.has(key)) continue;
    node.remove();
    known.delete(key);
  }
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    let node = known.get(key);
    if (!node) {
      node = make(item);
      known.set(key, node);
    }
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update?.(node, item);
  }
}

export function forget(parent) {
  parent.keyedNodes = new Map();
  parent.replaceChildren();
}

/** The surname in a coloured disc; what stands beside it says the name. */
export function disc(name, id) {
  return el("span.disc", { "data-hue": Math.abs(id) % 7, "aria-hidden": "true" }, initial(name));
}

export const botDisc = () => el("span.disc.bot", { "aria-hidden": "true" });

export const groupDisc = (id) => el("span.disc", { "data-hue": Math.abs(id) % 7, "aria-hidden": "true" }, icon("people"));

function initial(name) {
  const letters = [...name.replace(/[^\p{L}\p{N}]/gu, "")];
  return letters[0] ?? "？";
}
