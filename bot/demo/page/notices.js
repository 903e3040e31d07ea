// What is said beside the log: toasts, alerts, questions, the list of keys. One at a time, for this window alone.

import { el, setText } from "./dom.js";

const toast = document.getElementById("toast");
let timer = null;

export function showToast(text, kind = "done") {
  clearTimeout(timer);
  setText(toast, text);
  toast.dataset.kind = kind;
  timer = setTimeout(dropToast, Math.min(7000, 3000 + 60 * text.length));
}

export function dropToast() {
  setText(toast, "");
}

export const complain = (text) => showToast(text, "refused");

/** A dialog of our own making; answers with the value of the button that closed it, "" for Esc. */
export function ask(title, body, choices) {
  const heading = title ? el("h2", {}, title) : null;
  const buttons = choices.map(({ label, value, kind }) =>
    el(`button${kind ? `.${kind}` : ""}`, { value, type: "submit" }, label),
  );
  const form = el("form", { method: "dialog" }, heading, body, el("div.choices", {}, ...buttons));
  const dialog = el("dialog", { "aria-label": title || "提示" }, form);
  document.body.append(dialog);
  dialog.showModal();
  buttons.at(-1)?.focus();
  return new Promise((done) => {
    dialog.onclose = () => {
      dialog.remove();
      done(dialog.returnValue);
    };
    dialog.onclick = ({ target }) => {
      if (target === dialog) dialog.close("");
    };
  });
}

export const showAlert = (text) =>
  ask("", el("p.alert", {}, text), [{ label: "知道了", value: "seen", kind: "primary" }]);

const KEYS = [
  ["1 – 7", "换人"],
  ["[ ]", "上一个、下一个聊天"],
  ["/", "输入命令，↑ ↓ 选择，回车发送，Tab 补全"],
  ["n", "拨到下一个提醒"],
  ["t", "导览"],
  ["↑ ↓", "在消息之间移动，r 回复"],
  ["回车", "发送（Shift+回车 换行）"],
  ["Esc", "关闭弹窗、列表、回复"],
  ["?", "这张表"],
];

export function showKeys() {
  const rows = KEYS.map(([key, meaning]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, meaning)));
  return ask("按键", el("table.keys-table", {}, el("tbody", {}, ...rows)), [{ label: "知道了", value: "seen", kind: "primary" }]);
}
