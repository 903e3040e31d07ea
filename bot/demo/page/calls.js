// The call log: what the bot asked of Telegram, and what it was told.

import { el, keyed, setText } from "./dom.js";
import { timeToTheSecond } from "./moments.js";
import { on, state } from "./store.js";

const GLOSS = {
  getMe: "问自己是谁",
  getUpdates: "取更新",
  deleteWebhook: "关闭推送地址",
  getWebhookInfo: "查推送地址",
  sendMessage: "发消息",
  sendPhoto: "发图片",
  sendDocument: "发文件",
  sendPoll: "发投票或测验",
  stopPoll: "结束投票",
  editMessageText: "改消息",
  editMessageCaption: "改说明",
  editMessageReplyMarkup: "改按钮",
  deleteMessage: "删消息",
  answerCallbackQuery: "应答按钮",
  sendChatAction: "显示正在输入",
  setMyCommands: "设命令列表",
  getMyCommands: "查命令列表",
  deleteMyCommands: "删命令列表",
  setMyDescription: "设简介",
  setMyShortDescription: "设短简介",
  setChatMenuButton: "设菜单按钮",
  getChat: "查聊天",
  getChatMember: "查成员",
  getChatAdministrators: "查群管理员",
  getChatMemberCount: "查人数",
  pinChatMessage: "置顶",
  unpinChatMessage: "取消置顶",
  leaveChat: "退群",
  getFile: "取文件",
};

const panel = document.getElementById("calls");
const about = el("p.calls-about", {}, "机器人对 Telegram 的每次调用，新的在上。");
const troubles = el("ul.troubles");
const rows = el("ol.calls");

export function startCalls() {
  panel.append(about, troubles, rows);
  on(["calls"], render);
}

function render() {
  if (panel.hidden) return;
  troubles.hidden = state.troubles.length === 0;
  keyed(
    troubles,
    state.troubles.map((text, index) => ({ text, index })),
    ({ index }) => index,
    ({ text }) => el("li", {}, text),
  );
  keyed(rows, [...state.calls].reverse(), (call) => call.number, makeRow);
}

export function showCalls() {
  render();
}

function makeRow(call) {
  const isOk = call.status === 200;
  const status = call.status === 0 ? "× 没有答复" : `${isOk ? "✓" : "×"} ${call.status}`;
  const summary = el(
    "summary",
    {},
    el("span.method", {}, call.method),
    el("span.gloss", {}, GLOSS[call.method] ?? ""),
    el("span.status", {}, status),
    el("span.facts", {}, `${timeToTheSecond(call.at)} · ${call.latency.toFixed(call.latency < 10 ? 1 : 0)} 毫秒`),
  );
  if (!isOk && call.description) summary.append(el("span.description", {}, call.description));
  const details = el("details", {}, summary);
  details.ontoggle = () => {
    if (details.childElementCount > 1) return;
    details.append(shown("参数", call.parameters), shown("答复", call.result ?? call.description));
  };
  return el(`li.call${isOk ? "" : ".refused"}`, {}, details);
}

function shown(title, value) {
  const pre = el("pre", { tabindex: "0" });
  setText(pre, typeof value === "string" ? value : JSON.stringify(value, null, 2));
  return el("div", {}, el("h4", {}, title), pre);
}
