// Inline keyboards: the grid as sent, one press at a time, and what the bot answers to it.

import { el, icon, keyed, set, setText } from "./dom.js";
import { act, onAnswer } from "./events.js";
import { complain, showAlert, showToast } from "./notices.js";
import { state } from "./store.js";

const PATIENCE = 10_000; // real time; Telegram's own apps stop waiting at about this
const waiting = new Map(); // query id → what was pressed
const early = new Map(); // answers that overtook the reply to the press

export function updateKeyboard(box, message, follow) {
  box.hidden = message.keyboard.length === 0;
  keyed(
    box,
    message.keyboard.map((buttons, row) => ({ buttons, row })),
    ({ row }) => row,
    () => el("div.keys"),
    (node, { buttons, row }) => updateRow(node, buttons, row, message, follow),
  );
}

function updateRow(node, buttons, row, message, follow) {
  keyed(
    node,
    buttons.map((button, column) => ({ button, column })),
    ({ button, column }) => `${column}:${button.url ? "url" : "data"}`,
    () => el("button.key", { type: "button" }, el("span")),
    (key, { button, column }) => {
      setText(key.firstChild, button.text);
      set(key, "data-style", button.style);
      set(key, "title", button.text.length > 8 ? button.text : null);
      if (button.url && !key.querySelector(".icon")) key.append(icon("away"));
      key.onclick = () => (button.url ? follow(button.url) : press(key, message, row, column, follow));
    },
  );
}

async function press(key, message, row, column, follow) {
  if (key.ariaBusy === "true") return;
  key.ariaBusy = "true";
  say(key, "");
  const pressed = { key, follow, person: state.me, chat: state.chat };
  pressed.timer = setTimeout(() => giveUp(pressed), PATIENCE);
  try {
    const { chat, id, version } = message;
    const { query } = await act("press", { chat, message: id, version, row, column });
    pressed.query = query;
    if (early.has(query)) settle(pressed, early.get(query));
    else waiting.set(query, pressed);
  } catch (error) {
    stop(pressed);
    complain(error.message);
  }
}

onAnswer((answer) => {
  const pressed = waiting.get(answer.query);
  if (pressed) settle(pressed, answer);
  else if (answer.person === state.me) early.set(answer.query, answer);
});

function settle(pressed, answer) {
  stop(pressed);
  early.delete(answer.query);
  // Whoever has gone on to another person or chat does not hear it any more.
  if (pressed.person !== state.me || pressed.chat !== state.chat) return;
  if (answer.url) pressed.follow(answer.url);
  if (!answer.text) return;
  if (answer.alert) showAlert(answer.text);
  else showToast(answer.text);
}

function stop(pressed) {
  clearTimeout(pressed.timer);
  waiting.delete(pressed.query);
  pressed.key.ariaBusy = null;
}

function giveUp(pressed) {
  stop(pressed);
  say(pressed.key, "机器人没有应答");
}

/** One line under the keyboard the key belongs to. */
function say(key, text) {
  const line = key.closest(".message")?.querySelector(".no-answer");
  if (!line) return;
  setText(line, text);
  line.hidden = !text;
}
