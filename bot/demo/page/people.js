// Who can be played, the chosen one's chats, and the heading of the open chat.

import { botDisc, disc, el, groupDisc, icon, keyed, set, setText } from "./dom.js";
import { jumpTo } from "./log.js";
import { listed } from "./moments.js";
import {
  chatsOf,
  isPrivate,
  lastOf,
  me,
  now,
  on,
  openChat,
  state,
  titleOf,
  unread,
  unreadOf,
} from "./store.js";

const people = document.getElementById("people");
const title = document.getElementById("chat-title");
const about = document.getElementById("chat-about");
const pinned = document.getElementById("pinned");
let go = () => {};

export function startPeople(goTo) {
  go = goTo;
  on(["people"], renderPeople);
  on(["people", "chat"], renderHeading);
}

function renderPeople() {
  keyed(people, state.people, (p) => p.id, makePerson, updatePerson);
  const others = state.people.reduce((sum, p) => sum + (p.id === state.me ? 0 : unreadOf(p.id)), 0);
  showCount(document.getElementById("badge-people"), others);
}

function makePerson(p) {
  const words = el("span.words", {}, el("span.name"), el("span.role"));
  const card = el("button.person", { type: "button" }, disc(p.name, p.id), words, el("span.badge"));
  card.onclick = () => go(p.id);
  return el("li", {}, card, el("ul.chats"));
}

function updatePerson(node, p) {
  const isChosen = p.id === state.me;
  const [card, chats] = node.children;
  set(card, "aria-current", isChosen ? "true" : null);
  setText(card.querySelector(".name"), p.name);
  setText(card.querySelector(".role"), p.access === "started" ? p.role : [p.role, "未激活"].filter(Boolean).join(" · "));
  showCount(card.lastChild, isChosen ? 0 : unreadOf(p.id));
  chats.hidden = !isChosen;
  keyed(chats, isChosen ? chatsOf(p.id) : [], (chat) => chat.id, makeChat, updateChat);
}

function makeChat(chat) {
  const face = isPrivate(chat) ? botDisc() : groupDisc(chat.id);
  const words = el("span.words", {}, el("span.name"), el("span.last-line"));
  const side = el("span.side", {}, el("time"), el("span.badge"));
  const card = el("button.chat-card", { type: "button" }, face, words, side);
  card.onclick = () => go(state.me, chat.id);
  return el("li", {}, card);
}

function updateChat(node, chat) {
  const card = node.firstChild;
  const last = lastOf(chat);
  set(card, "aria-current", chat.id === state.chat ? "page" : null);
  setText(card.querySelector(".name"), isPrivate(chat) ? "与机器人私聊" : chat.title);
  setText(card.querySelector(".last-line"), last ? lineOf(last, chat) : "还没有消息");
  setText(card.querySelector("time"), last ? listed(last.at, now()) : "");
  showCount(card.querySelector(".badge"), unread(state.me, chat));
}

export function lineOf(message, chat) {
  if (message.service) return message.service;
  const text = inOneLine(message);
  if (isPrivate(chat) && message.from?.id !== state.me) return text;
  const name = message.from?.id === state.bot.id ? "机器人" : (message.from?.name ?? "");
  return message.from?.id === state.me ? `我：${text}` : `${name}：${text}`;
}

/** A message in one line, as lists, quotes and the bar of pinned messages show it. */
export function inOneLine(message) {
  if (message.poll) return `〔${message.poll.quiz ? "测验" : "投票"}〕${message.poll.question}`;
  const file = message.file ? (message.file.photo ? "〔图片〕" : `〔文件〕${message.file.name} `) : "";
  return file + message.text.replace(/\s*\n\s*/g, " ");
}

function showCount(badge, count) {
  badge.hidden = count === 0;
  setText(badge, count > 99 ? "99+" : String(count || ""));
  set(badge, "aria-label", count ? `${count} 条未读` : null);
}

// The heading of the open chat

function renderHeading() {
  const chat = openChat();
  const who = me();
  if (!chat || !who) return;
  const whoText = `${who.name}${who.role ? `（${who.role}）` : ""}`;
  setText(title.firstElementChild, titleOf(chat));
  setText(title.lastElementChild, `你是 ${whoText}`);
  setText(about, isPrivate(chat) ? `机器人 · @${state.bot.username}` : `${chat.members.length} 位成员`);
  document.title = `${who.name} · ${titleOf(chat)} · 共富小课堂 · 演示`;
  document.getElementById("crowd").hidden = isPrivate(chat);
  renderPinned(chat);
}

function renderPinned(chat) {
  const message = chat.messages.get(chat.pinned.at(-1));
  pinned.hidden = !message;
  if (!message) return;
  pinned.onclick = () => jumpTo(message.id);
  if (!pinned.firstChild) {
    pinned.append(icon("pin"), el("span.words", {}, el("span.label", {}, "置顶消息"), el("span.line")));
  }
  setText(pinned.querySelector(".line"), inOneLine(message));
}
