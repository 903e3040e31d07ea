// Writing as the person played: text, commands, a file, a reply; drafts are kept per person and chat.

import { el, icon, keyed, set, setText } from "./dom.js";
import { act } from "./events.js";
import { sizeOf } from "./bubble.js";
import { toEnd } from "./log.js";
import { complain } from "./notices.js";
import { inOneLine } from "./people.js";
import { isPrivate, me, on, openChat, state } from "./store.js";

const MOST_BYTES = 20 * 1024 * 1024;
const form = document.getElementById("composer");
const list = document.getElementById("commands");
const drafts = new Map();
const isNarrow = matchMedia("(max-width: 479px)");

const text = el("textarea", { rows: 1, autocomplete: "off", spellcheck: "false", "aria-controls": "commands" });
const file = el("input", { type: "file", accept: ".xlsx,.yaml,.yml,.docx,.txt,.csv", tabindex: "-1" });
const attach = el("button.icon-key", { type: "button", title: "附文件", "aria-label": "附文件" }, icon("clip"));
const slash = el("button.icon-key.slash", { type: "button", title: "命令", "aria-label": "命令" }, icon("slash"));
const send = el("button.icon-key.send", { type: "submit", title: "发送", "aria-label": "发送" }, icon("send"));
const start = el("button.start", { type: "button" }, "开始");
const reply = makeBar("reply", () => setReply(null));
const upload = makeBar("file", () => setFile(null));
const row = el("div.row", {}, attach, file, text, slash, send);

let place = "";
let replyTo = null;
let picked = null;
let active = -1;

export function startComposer() {
  file.hidden = true;
  form.append(reply, upload, row, start);
  form.onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  text.addEventListener("input", typed);
  text.addEventListener("keydown", pressed);
  attach.onclick = () => file.click();
  file.onchange = () => setFile(file.files[0] ?? null);
  slash.onclick = () => beginCommand();
  start.onclick = () => say("/start");
  on(["people", "chat"], renderPlace);
  on(["commands"], renderCommands);
  isNarrow.addEventListener("change", renderPlace);
  setReply(null);
  setFile(null);
}

function makeBar(name, drop) {
  const close = el("button.icon-key", { type: "button", "aria-label": "取消" }, icon("close"));
  close.onclick = drop;
  return el("div.bar", {}, icon(name), el("span.words", {}, el("span.who"), el("span.cut")), close);
}

function renderPlace() {
  const chat = openChat();
  const who = me();
  if (!chat || !who) return;
  const needsStart = isPrivate(chat) && who.access !== "started";
  row.hidden = needsStart;
  start.hidden = !needsStart;
  setText(start, who.access === "blocked" ? "重新启用机器人" : "开始");
  const asWhom = `以 ${who.name} 的身份发言`;
  set(text, "placeholder", isNarrow.matches ? asWhom : `${asWhom}，输入 / 看命令`);
  set(text, "aria-label", `${asWhom}，输入 / 看命令`);
  const here = `${state.me}:${state.chat}`;
  if (here === place) return;
  drafts.set(place, text.value);
  place = here;
  text.value = drafts.get(here) ?? "";
  setReply(null);
  setFile(null);
  typed();
}

function typed() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
  set(send, "disabled", !text.value.trim() && !picked);
  active = -1;
  renderCommands();
}

// Commands: the list Telegram would choose for this person in this chat

export function beginCommand() {
  text.value = "/";
  text.focus();
  typed();
}

function matching() {
  if (!/^\/\w*$/.test(text.value) || row.hidden) return [];
  const known = state.commands[state.me]?.[state.chat] ?? [];
  return known.filter(([name]) => name.startsWith(text.value.slice(1).toLowerCase()));
}

function renderCommands() {
  const commands = matching();
  list.hidden = commands.length === 0;
  set(text, "aria-expanded", !list.hidden);
  keyed(
    list,
    commands.map(([name, about], index) => ({ name, about, index })),
    ({ name }) => name,
    ({ name, about }) => {
      const item = el("li", { role: "option", id: `command-${name}` }, el("b", {}, `/${name}`), el("span", {}, about));
      item.onmousedown = (event) => event.preventDefault();
      item.onclick = () => say(`/${name}`);
      return item;
    },
    (item, { about, index }) => {
      setText(item.lastChild, about);
      set(item, "aria-selected", index === active ? "true" : "false");
    },
  );
  const chosen = commands[active];
  set(text, "aria-activedescendant", chosen && `command-${chosen[0]}`);
  if (chosen) list.children[active].scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  if (event.isComposing) return;
  const commands = list.hidden ? [] : matching();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && commands.length) {
    active = (active + step + commands.length + (active < 0 && step < 0 ? 1 : 0)) % commands.length;
    renderCommands();
  } else if (event.key === "Tab" && commands.length && !event.shiftKey) {
    text.value = `/${commands[Math.max(active, 0)][0]} `;
    typed();
  } else if (event.key === "Escape") escape();
  else if (event.key === "Enter" && !event.shiftKey) submit(commands[active]?.[0]);
  else return;
  event.preventDefault();
}

function escape() {
  if (!list.hidden) list.hidden = true;
  else if (replyTo) setReply(null);
  else if (picked) setFile(null);
  else text.blur();
}

// Sending

function submit(command) {
  if (command) say(`/${command}`);
  else if (picked) sendFile();
  else if (text.value.trim() && text.value.trim() !== "/") say(text.value.trim());
}

/** Sends a text as the person played into the open chat; what could not be sent stays in the box. */
export async function say(words) {
  const fields = { chat: state.chat, text: words, ...(replyTo && { reply_to: replyTo.id }) };
  await sent(() => act("say", fields), words);
}

async function sendFile() {
  if (picked.size > MOST_BYTES) {
    complain("文件超过 20 MB，发不出去。");
    return;
  }
  const data = await inBase64(picked);
  const fields = { chat: state.chat, name: picked.name, data, caption: text.value.trim() };
  await sent(() => act("upload", fields), text.value);
}

async function sent(deed, words) {
  const before = text.value;
  text.value = "";
  typed();
  try {
    await deed();
    setReply(null);
    setFile(null);
    toEnd();
  } catch (error) {
    text.value = before || words;
    typed();
    complain(error.message);
  }
}

function inBase64(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

export function setReply(message) {
  replyTo = message;
  reply.hidden = !message;
  if (!message) return;
  setText(reply.querySelector(".who"), `回复 ${message.from?.name ?? ""}`);
  setText(reply.querySelector(".cut"), inOneLine(message));
  text.focus();
}

function setFile(chosen) {
  picked = chosen;
  upload.hidden = !chosen;
  if (!chosen) file.value = "";
  set(send, "disabled", !text.value.trim() && !picked);
  if (!chosen) return;
  setText(upload.querySelector(".who"), chosen.name);
  setText(upload.querySelector(".cut"), sizeOf(chosen.size));
  text.focus();
}
