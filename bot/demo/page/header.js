// The virtual clock: what it shows, moving it, and the strip that tells what happened on the way.

import { el, set, setText } from "./dom.js";
import { act, moveClock, onAct } from "./events.js";
import { day, dayAndTime, shortDay, time } from "./moments.js";
import { ask, complain, showKeys } from "./notices.js";
import { apply, chatsOf, now, on, person, state, titleOf } from "./store.js";

const clock = document.getElementById("clock");
const next = document.getElementById("next");
const strip = document.getElementById("strip");
const menus = [...document.querySelectorAll("details.menu")];
let isMoving = false;
let go = () => {};

export function startHeader(goTo) {
  go = goTo;
  on(["clock"], renderClock);
  setInterval(renderClock, 1000);
  next.onclick = toNext;
  onAct(fold);
  for (const key of document.querySelectorAll("[data-seconds]")) {
    key.onclick = () => move({ seconds: Number(key.dataset.seconds) });
  }
  document.getElementById("restart").onclick = restart;
  document.getElementById("keys").onclick = showKeys;
  for (const menu of menus) {
    menu.addEventListener("click", ({ target }) => target.closest("button, a") && closeMenus());
    menu.addEventListener("toggle", () => menu.open && closeMenus(menu));
  }
  document.addEventListener("click", ({ target }) => target.closest("details.menu") || closeMenus());
}

/** Closes open menus; true when there was one. */
export function closeMenus(except) {
  const open = menus.filter((menu) => menu.open && menu !== except);
  for (const menu of open) menu.open = false;
  return open.length > 0;
}

function renderClock() {
  if (!state.clock.now) return;
  const moment = now();
  if (!clock.firstChild) {
    const long = el("span.clock-long");
    const short = el("span.clock-short");
    clock.append(long, short, el("span.clock-kind"));
  }
  const [long, short, kind] = clock.children;
  setText(long, `${day(moment)} ${time(moment)}`);
  setText(short, `${day(moment).slice(5)} ${time(moment)}`);
  setText(kind, "（北京时间 · 虚拟）");
  const due = state.clock.next;
  set(next, "disabled", isMoving || !due);
  setText(document.getElementById("next-day"), due ? shortDay(due) : "60 天内没有待办");
  setText(document.getElementById("next-time"), due ? time(due) : "");
  set(next, "title", due ? `拨到 ${dayAndTime(due)}` : null);
}

export const toNext = () => move({ next: true });

async function move(step) {
  if (isMoving) return;
  isMoving = true;
  document.body.classList.add("moving");
  renderClock();
  try {
    const report = await moveClock(step);
    apply({ desk: { now: report.to, next: report.next } });
    tell(report);
  } catch (error) {
    complain(error.message);
  }
  isMoving = false;
  document.body.classList.remove("moving");
  renderClock();
}

// The strip: whoever goes on acting has read it

function fold() {
  strip.hidden = true;
}

function tell({ to, happened }) {
  const what = happened.length ? `期间发生 ${happened.length} 件事` : "期间没有事发生";
  const close = el("button.icon-text", { type: "button" }, "收起");
  close.onclick = fold;
  const heading = el("p.strip-top", {}, el("span", { role: "status" }, `拨到 ${dayAndTime(to)}，${what}`), close);
  const items = grouped(happened).map((events) => el("li", {}, el("time", {}, dayAndTime(events[0].at)), row(events)));
  strip.replaceChildren(heading, ...(items.length ? [el("ol", {}, ...items)] : []));
  strip.hidden = false;
}

/** What went to several in private at one moment is one row; everything else is a row of its own. */
function grouped(happened) {
  const rows = new Map();
  happened.forEach((event, index) => {
    const key = isToOne(event) ? `${event.at.slice(0, 16)} ${event.line}` : index;
    rows.set(key, [...(rows.get(key) ?? []), event]);
  });
  return [...rows.values()];
}

const isToOne = (event) => event.chat > 0;

function row(events) {
  const [first] = events;
  if (events.length === 1) {
    const where = isToOne(first) ? `${first.name} 私聊` : titleOf(state.chats.get(first.chat) ?? { title: first.name });
    return place(first, where, `：${first.line}`);
  }
  const seen = events.filter((event) => whoSees(event.chat));
  const links = seen.flatMap((event) => [" ", place(event, event.name, "")]);
  return el("span.happened", {}, el("b", {}, `私聊 ${events.length} 人`), `：${first.line}`, ...links);
}

function place(event, where, line) {
  const who = whoSees(event.chat);
  if (!who) return el("span.happened", {}, el("b", {}, where), line);
  const link = el("button.link.happened", { type: "button" }, el("b", {}, where), line);
  link.onclick = () => go(who, event.chat, event.message);
  return link;
}

/** The person to look as: the present one if he is in that chat, else the first who is. */
function whoSees(chatId) {
  const sees = (id) => chatsOf(id).some((chat) => chat.id === chatId);
  if (sees(state.me)) return state.me;
  return state.people.find(({ id }) => sees(id))?.id ?? (person(chatId) ? chatId : null);
}

// The menu

async function restart() {
  const question = el("p", {}, "人物、消息和记录都回到开始时的样子。");
  const choice = await ask("重新开始", question, [
    { label: "取消", value: "" },
    { label: "重新开始", value: "yes", kind: "danger" },
  ]);
  if (choice !== "yes") return;
  try {
    await act("restart");
  } catch (error) {
    complain(error.message);
  }
}
