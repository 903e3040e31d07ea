// The log of the open chat: in place, following its end only while the reader is there.

import { flash, isSameRun, makeDay, makeMessage, makeService, updateMessage, updateService } from "./bubble.js";
import { el, forget, keyed, setText } from "./dom.js";
import { day } from "./moments.js";
import { isMine, isPrivate, lastOf, markRead, on, openChat, state } from "./store.js";

const NEAR_END = 80;
const log = document.getElementById("log");
const list = document.getElementById("messages");
const pill = document.getElementById("pill");
let shown = "";
let acts = {};
let isFollowing = true;
let seenUpTo = 0;

export function startLog(given) {
  acts = { ...given, onJump: jumpTo };
  on(["chat"], render);
  log.addEventListener("scroll", () => {
    isFollowing = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    if (isFollowing) atEnd();
  });
  pill.onclick = () => {
    toEnd();
    log.focus();
  };
  log.addEventListener("keydown", move);
  document.addEventListener("visibilitychange", () => isFollowing && atEnd());
  const resized = new ResizeObserver(() => isFollowing && toEnd());
  resized.observe(log);
  resized.observe(list);
}

function render() {
  const chat = openChat();
  const key = `${state.run}:${state.me}:${state.chat}`;
  const isOther = key !== shown;
  if (isOther) {
    shown = key;
    log.setAttribute("aria-busy", "true");
    forget(list);
  }
  if (!chat) return;
  const follows = isOther || isFollowing || hasOwnNews(chat);
  keyed(list, layout(chat), (item) => item.key, make, update);
  log.removeAttribute("aria-busy");
  if (follows) toEnd();
  else tellNews(chat);
}

function layout(chat) {
  const items = [];
  const messages = [...chat.messages.values()];
  if (!messages.length) return [{ key: "empty", chat }];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    const isNewDay = !before || day(before.at) !== day(message.at);
    if (isNewDay) items.push({ key: `day-${day(message.at)}`, at: message.at });
    if (message.service) items.push({ key: `service-${message.id}`, message });
    else {
      const isFirst = isNewDay || !isSameRun(before, message);
      const isLast = !isSameRun(message, after) || day(after.at) !== day(message.at);
      items.push({ key: `message-${message.id}`, message, isFirst, isLast, isGroup: !isPrivate(chat) });
    }
  });
  return items;
}

function make(item) {
  if (item.key === "empty") return el("li.empty", {}, el("p"));
  if (item.at) return makeDay(item);
  return item.message.service ? makeService() : makeMessage(acts);
}

function update(node, item) {
  if (item.key === "empty") setText(node.firstChild, isPrivate(item.chat) ? "还没有和机器人说过话。" : "还没有消息。");
  else if (item.message?.service) updateService(node, item);
  else if (item.message) updateMessage(node, item);
}

const hasOwnNews = (chat) => {
  const last = lastOf(chat);
  return Boolean(last) && last.id > seenUpTo && isMine(last);
};

function tellNews(chat) {
  const count = [...chat.messages.values()].filter((message) => message.id > seenUpTo).length;
  setText(pill, `有 ${count} 条新消息`);
  pill.hidden = count === 0;
}

export function toEnd() {
  log.scrollTop = log.scrollHeight;
  isFollowing = true;
  atEnd();
}

/** The end is on the screen: nothing is new any more. Hidden panes and windows in the back see nothing. */
function atEnd() {
  const chat = openChat();
  seenUpTo = (chat && lastOf(chat)?.id) ?? 0;
  pill.hidden = true;
  if (document.visibilityState === "visible" && log.clientHeight > 0) markRead();
}

export function jumpTo(id) {
  const node = list.querySelector(`[data-id="${id}"]`);
  if (!node) return false;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
  flash(node);
  return true;
}

/** The newest button of the open log whose label begins with `label`. */
export function newestKey(label) {
  return [...list.querySelectorAll(".key, .options")].reverse().find((node) => {
    if (label === "poll") return node.matches(".poll:not(.answered) .options");
    return node.textContent.startsWith(label);
  });
}

function move(event) {
  const message = event.target.closest(".message");
  if (event.target !== log && event.target !== message) return;
  if (event.key === "r" && message) {
    event.preventDefault();
    acts.onReply(message.message);
  }
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  const messages = [...list.querySelectorAll(".message")];
  const next = message ? messages[messages.indexOf(message) + step] : messages.at(-1);
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
