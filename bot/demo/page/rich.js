// Telegram's text with entities → nodes. Offsets are UTF-16 units, as strings count here too.

import { el, icon } from "./dom.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const FOLDED_FROM = 120; // characters; below that a quote fits its three lines on the narrowest page
const PLAIN = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};

/** `text` as nodes in `parent`; opened quotes and spoilers stay open where the same ones come again. */
export function fillRich(parent, text, entities, acts = {}) {
  const open = [...parent.querySelectorAll("[data-open]")].map((node) => node.dataset.open === "yes");
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  parent.replaceChildren(...nodes(text, 0, text.length, ordered, acts));
  [...parent.querySelectorAll("[data-open]")].forEach((node, index) => open[index] && node.open());
}

function nodes(text, from, to, entities, acts) {
  const made = [];
  let at = from;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const start = Math.max(first.offset, at);
    const end = Math.min(first.offset + first.length, to);
    if (end <= start) {
      rest = others;
      continue;
    }
    if (start > at) made.push(text.slice(at, start));
    const inside = others.filter((entity) => entity.offset < end);
    made.push(node(first, nodes(text, start, end, inside, acts), text.slice(start, end), acts));
    at = end;
    // A block ends its line by itself.
    if (BLOCKS.has(first.type) && text[at] === "\n") at += 1;
    rest = others.filter((entity) => entity.offset >= end);
  }
  if (at < to) made.push(text.slice(at, to));
  return made;
}

function node(entity, children, text, acts) {
  if (PLAIN[entity.type]) return el(PLAIN[entity.type], {}, ...children);
  const special = makers[entity.type];
  return special ? special(children, text, entity, acts) : el("span.entity", {}, ...children);
}

const makers = {
  spoiler: (children) => spoiler(children),
  expandable_blockquote: (children, text) => quote(children, text),
  url: (children, text, _entity, acts) => link(children, /^[a-z]+:/i.test(text) ? text : `https://${text}`, acts),
  text_link: (children, _text, entity, acts) => link(children, entity.url, acts),
  bot_command: (children, text, _entity, acts) =>
    el("button.link", { type: "button", onclick: () => acts.onCommand?.(text) }, ...children),
  date_time: (children) => el("span", {}, ...children),
};

function link(children, url, acts) {
  const attributes = { href: url, target: "_blank", rel: "noopener noreferrer" };
  attributes.onclick = (event) => {
    if (acts.onLink?.(url)) event.preventDefault();
  };
  return el("a", attributes, ...children);
}

function spoiler(children) {
  const inside = el("span", { "aria-hidden": "true" }, ...children);
  const cover = el("span.spoiler", {
    role: "button",
    tabindex: "0",
    "aria-label": "隐藏内容，点击显示",
    "data-open": "no",
  });
  cover.append(inside);
  cover.open = () => {
    cover.dataset.open = "yes";
    inside.removeAttribute("aria-hidden");
    for (const name of ["role", "tabindex", "aria-label"]) cover.removeAttribute(name);
  };
  cover.onclick = cover.open;
  cover.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    cover.open();
  };
  return cover;
}

function quote(children, text) {
  if (text.length < FOLDED_FROM && text.split("\n").length <= 3) return el("blockquote", {}, ...children);
  const folded = el("div.folded", {}, ...children);
  const label = el("span", {}, "展开");
  const toggle = el("button.link", { type: "button", "aria-expanded": "false" }, label, icon("down"));
  const block = el("blockquote.expandable", { "data-open": "no" }, folded, toggle);
  const show = (isOpen) => {
    block.dataset.open = isOpen ? "yes" : "no";
    toggle.setAttribute("aria-expanded", isOpen);
    label.textContent = isOpen ? "收起" : "展开";
  };
  block.open = () => show(true);
  toggle.onclick = () => show(block.dataset.open !== "yes");
  return block;
}
