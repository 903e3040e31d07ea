// The page put together: panes, the address, keys; each part lives in a file of its own.

import { startCalls, showCalls } from "./calls.js";
import { beginCommand, say, setReply, startComposer } from "./composer.js";
import { el, set } from "./dom.js";
import { act, connect } from "./events.js";
import { closeMenus, startHeader, toNext } from "./header.js";
import { jumpTo, startLog, toEnd } from "./log.js";
import { ask, complain, dropToast, showKeys } from "./notices.js";
import { startPeople } from "./people.js";
import { chatsOf, choose, isPrivate, on, person, state, tell } from "./store.js";
import { startTour } from "./tour.js";

const panel = document.getElementById("panel");
const tabs = [document.getElementById("tab-tour"), document.getElementById("tab-calls")];
const opener = document.getElementById("open-panel");

// Persons and chats: the address says who this window plays and where

function go(personId, chatId, messageId) {
  const isOther = personId !== state.me;
  choose(personId, chatId ?? null);
  tell();
  if (isOther || chatId) dropToast();
  writeAddress();
  if (chatId) {
    showPane("chat");
    showPanel(false);
  }
  if (messageId) jumpTo(messageId);
}

function writeAddress() {
  const address = `#p=${state.me}&c=${state.chat}`;
  if (location.hash !== address) history.replaceState(null, "", address);
}

function readAddress() {
  const values = new URLSearchParams(location.hash.slice(1));
  const [p, c] = [Number(values.get("p")), Number(values.get("c"))];
  if (state.people.length) {
    if (p !== state.me) dropToast();
    choose(person(p) ? p : state.me, c);
    writeAddress();
  } else {
    state.me = p || null;
    state.chat = c || null;
  }
}

function stepChat(step) {
  const chats = chatsOf(state.me);
  const at = chats.findIndex((chat) => chat.id === state.chat);
  const next = chats[(at + step + chats.length) % chats.length];
  if (next) go(state.me, next.id);
}

// Links into the bot stay on this page; true when that was one

function follow(url) {
  const link = new URL(url, location.href);
  const isOurs = link.hostname === "t.me" && link.pathname === `/${state.bot.username}`;
  if (!isOurs) {
    window.open(url, "_blank", "noopener");
    return true;
  }
  if (link.searchParams.has("startgroup")) chooseGroup(url);
  else {
    go(state.me, state.me);
    if (link.searchParams.has("start")) tryAct("follow", { link: url });
  }
  return true;
}

async function chooseGroup(link) {
  const groups = chatsOf(state.me).filter((chat) => !isPrivate(chat));
  const choices = groups.map((chat) => ({ label: chat.title, value: String(chat.id) }));
  const words = el("p", {}, groups.length ? "把机器人加到哪个群？" : "您不在任何群里。");
  const chosen = await ask("选择群", words, [{ label: "取消", value: "" }, ...choices]);
  if (!chosen) return;
  go(state.me, Number(chosen));
  tryAct("follow", { chat: Number(chosen), link });
}

async function tryAct(verb, fields) {
  try {
    await act(verb, fields);
  } catch (error) {
    complain(error.message);
  }
}

// Panes

function showPane(name) {
  document.body.dataset.pane = name;
  for (const key of document.querySelectorAll(".bottom button")) {
    set(key, "aria-current", key.dataset.pane === name ? "page" : null);
  }
  if (name === "chat") toEnd();
}

function showPanel(isOpen) {
  document.body.classList.toggle("panel-open", isOpen);
  set(opener, "aria-expanded", String(isOpen));
}

function showTab(tab) {
  for (const other of tabs) {
    const isShown = other === tab;
    set(other, "aria-selected", String(isShown));
    set(other, "tabindex", isShown ? null : "-1");
    document.getElementById(other.getAttribute("aria-controls")).hidden = !isShown;
  }
  showCalls();
}

function showTour() {
  showTab(tabs[0]);
  if (getComputedStyle(opener).display !== "none") showPanel(!document.body.classList.contains("panel-open"));
  showPane("panel");
  tabs[0].focus();
}

// Keys outside text fields

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && (closeMenus() || closePanel())) return;
  if (event.target.matches("textarea, input[type=file]")) return;
  const digit = "1234567".indexOf(event.key);
  const deed = digit >= 0 ? () => state.people[digit] && go(state.people[digit].id) : KEYS[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

const KEYS = {
  "[": () => stepChat(-1),
  "]": () => stepChat(1),
  "/": () => beginCommand(),
  n: () => toNext(),
  t: () => showTour(),
  "?": () => showKeys(),
};

function closePanel() {
  const wasOpen = document.body.classList.contains("panel-open");
  showPanel(false);
  return wasOpen;
}

function wirePanes() {
  for (const key of document.querySelectorAll(".bottom button")) key.onclick = () => showPane(key.dataset.pane);
  for (const tab of tabs) {
    tab.onclick = () => showTab(tab);
    tab.onkeydown = ({ key }) => {
      if (key !== "ArrowLeft" && key !== "ArrowRight") return;
      const other = tabs.find((t) => t !== tab);
      showTab(other);
      other.focus();
    };
  }
  opener.onclick = () => showPanel(!document.body.classList.contains("panel-open"));
  document.getElementById("close-panel").onclick = () => showPanel(false);
  const honest = document.getElementById("honest");
  honest.hidden = sessionStorage.getItem("ketang-honest") === "seen";
  document.getElementById("honest-seen").onclick = () => {
    honest.hidden = true;
    sessionStorage.setItem("ketang-honest", "seen");
  };
  document.getElementById("crowd").onclick = () => tryAct("others", { chat: state.chat });
}

readAddress();
wirePanes();
startHeader(go);
startPeople(go);
startLog({ onReply: setReply, onLink: follow, onCommand: say });
startComposer();
startTour(go);
startCalls();
on(["people"], writeAddress);
addEventListener("hashchange", readAddress);
document.addEventListener("keydown", pressed);
showPane("chat");
connect((isUp) => {
  document.getElementById("offline").hidden = isUp;
});
