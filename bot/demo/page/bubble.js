// One message of the log as a node, made once and changed part by part.

import { botDisc, disc, el, icon, setText } from "./dom.js";
import { updateKeyboard } from "./keyboard.js";
import { day, time } from "./moments.js";
import { makePoll, updatePoll } from "./poll.js";
import { fillRich } from "./rich.js";
import { isMine, state } from "./store.js";

export const makeDay = ({ at }) => el("li.day", {}, el("span", {}, day(at)));

export const makeService = () => el("li.service", {}, el("span"));

export function updateService(node, { message }) {
  setText(node.firstChild, message.service);
  node.title = time(message.at);
}

/** `acts`: what the log does when somebody replies, jumps to a message, follows a link or taps a command. */
export function makeMessage(acts) {
  const meta = el("span.meta");
  const parts = {
    name: el("div.name"),
    quote: el("button.reply-to", { type: "button" }),
    file: el("div.file"),
    words: el("span.words"),
    meta,
    body: el("div.body"),
    keyboard: el("div.keyboard"),
    noAnswer: el("p.no-answer", { role: "alert" }),
    reply: el("button.reply", { type: "button", title: "回复", "aria-label": "回复", tabindex: "-1" }, icon("reply")),
    side: el("span.side"),
  };
  parts.body.append(parts.words, meta);
  const bubble = el("div.bubble", {}, parts.name, parts.quote, parts.file, parts.body);
  const line = el("div.bubble-line", {}, bubble, parts.reply);
  const node = el("li.message", { tabindex: "-1" }, parts.side);
  node.append(el("div.column", {}, line, parts.keyboard, parts.noAnswer));
  parts.noAnswer.hidden = true;
  Object.assign(node, { parts, bubble, acts, shown: new Map() });
  parts.reply.onclick = () => acts.onReply(node.message);
  parts.quote.onclick = () => acts.onJump(node.message.reply.id);
  return node;
}

export function updateMessage(node, { message, isFirst, isLast, isGroup }) {
  const { parts } = node;
  const isOwn = isMine(message);
  const wasEdited = node.message && node.message.text !== message.text;
  node.message = message;
  node.dataset.id = message.id;
  node.classList.toggle("own", isOwn);
  node.classList.toggle("first", isFirst);
  node.classList.toggle("last", isLast);
  const showsName = isGroup && isFirst && !isOwn;
  part(node, "name", [showsName, message.from], () => fillName(parts.name, message.from, showsName));
  part(node, "side", [isGroup, isOwn, isLast, message.from], () => fillSide(parts.side, message.from, isGroup, isOwn, isLast));
  part(node, "quote", message.reply, () => fillQuote(parts.quote, message.reply));
  part(node, "file", message.file, () => fillFile(parts.file, message.file));
  part(node, "words", [message.text, message.entities], () => {
    fillRich(parts.words, message.text, message.entities, node.acts);
    if (wasEdited) flash(node);
  });
  part(node, "meta", [message.at, message.edited, message.silent, message.protected], () => fillMeta(parts.meta, message));
  parts.body.hidden = Boolean(message.poll);
  node.bubble.classList.toggle("photo", Boolean(message.file?.photo));
  node.classList.toggle("has-keys", message.keyboard.length > 0);
  updateKeyboard(parts.keyboard, message, node.acts.onLink);
  if (message.poll) showPoll(node, message);
}

/** Draws a part again only when what it shows has changed. */
function part(node, name, value, draw) {
  const text = JSON.stringify(value) ?? "";
  if (node.shown.get(name) === text) return;
  node.shown.set(name, text);
  draw();
}

function fillName(box, from, isShown) {
  box.hidden = !isShown;
  if (!isShown || !from) return;
  box.dataset.hue = Math.abs(from.id) % 7;
  box.replaceChildren(el("span.who", {}, from.name), from.tag ? el("span.tag", {}, from.tag) : "");
}

function fillSide(box, from, isGroup, isOwn, isLast) {
  box.hidden = !isGroup || isOwn;
  if (!isLast || !from) box.replaceChildren();
  else box.replaceChildren(from.id === state.bot.id ? botDisc() : disc(from.name, from.id));
}

function fillQuote(box, reply) {
  box.hidden = !reply;
  if (!reply) return;
  box.dataset.hue = Math.abs(reply.from) % 7;
  box.replaceChildren(el("span.who", {}, reply.name), el("span.cut", {}, reply.text));
}

function fillFile(box, file) {
  box.hidden = !file;
  if (!file) return;
  const url = `/sim/file/${file.id}`;
  if (file.photo) {
    const attributes = { src: url, alt: "图片", width: file.width, height: file.height };
    box.replaceChildren(el("a", { href: url, target: "_blank" }, el("img", attributes)));
    return;
  }
  const about = el("span.about", {}, el("span.file-name", {}, file.name), el("span.size", {}, sizeOf(file.size)));
  const load = el("a.download", { href: url, download: file.name, "aria-label": `下载 ${file.name}` }, "下载");
  box.replaceChildren(el("span.sheet", { "aria-hidden": "true" }, icon("file")), about, load);
}

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function fillMeta(box, message) {
  const marks = [];
  if (message.protected) marks.push(mark("lock", "禁止转发和保存"));
  if (message.silent) marks.push(mark("silent", "静音发送"));
  if (message.edited) marks.push(el("span", { title: `${time(message.edited)} 修改` }, "已编辑"));
  box.replaceChildren(...marks, el("time", { datetime: message.at }, time(message.at)));
}

function mark(name, label) {
  return el("span.mark", { role: "img", "aria-label": label, title: label }, icon(name));
}

function showPoll(node, message) {
  if (!node.poll) {
    node.poll = makePoll();
    node.parts.body.before(node.poll);
    node.poll.foot.append(node.parts.meta);
    node.bubble.classList.add("wide");
  }
  updatePoll(node.poll, message);
}

/** Draws the eye to a message without moving it. */
export function flash(node) {
  node.classList.remove("flash");
  void node.offsetWidth; // lets the animation start anew
  node.classList.add("flash");
}

export const isSameRun = (a, b) =>
  a && b && !a.service && !b.service && a.from?.id === b.from?.id && new Date(b.at) - new Date(a.at) < 600_000;
