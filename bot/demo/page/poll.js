// A poll in its bubble: boxes before the vote, shares after it, changed in place while others vote.

import { el, keyed, set, setText } from "./dom.js";
import { act } from "./events.js";
import { left } from "./moments.js";
import { complain } from "./notices.js";
import { fillRich } from "./rich.js";
import { now, state } from "./store.js";

const open = new Set(); // the shown polls that count down

export function makePoll() {
  const parts = {
    question: el("p.question"),
    description: el("p.description"),
    kind: el("p.poll-kind"),
    options: el("div.options"),
    submit: el("button.primary", { type: "submit" }, "提交"),
    verdict: el("p.verdict"),
    explanation: el("div.explanation"),
    total: el("span.total"),
    withdraw: el("button.link", { type: "button" }, "收回投票"),
  };
  const fieldset = el("fieldset", {}, el("legend", {}, parts.question), parts.description, parts.kind, parts.options);
  const foot = el("div.poll-foot", {}, parts.total, parts.withdraw);
  const form = el("form.poll", {}, fieldset, parts.submit, parts.verdict, parts.explanation, foot);
  form.parts = { ...parts, fieldset };
  form.foot = foot;
  form.onsubmit = (event) => {
    event.preventDefault();
    send(form, chosen(form));
  };
  form.onchange = () => {
    if (form.poll.multiple) refreshSubmit(form);
    else send(form, chosen(form));
  };
  form.onkeydown = stayWithArrows;
  parts.withdraw.onclick = () => send(form, []);
  return form;
}

/** The arrows of a radio group would vote at once: here they move, Space votes. */
function stayWithArrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.type !== "radio") return;
  event.preventDefault();
  const inputs = [...event.currentTarget.querySelectorAll("input")];
  inputs.at((inputs.indexOf(event.target) + step) % inputs.length).focus();
}

export function updatePoll(form, message) {
  const { poll } = message;
  const { parts } = form;
  form.poll = poll;
  form.message = message;
  const vote = poll.votes[state.me];
  const isOver = vote !== undefined || poll.closed;
  const isShown = isOver && !poll.hidden;
  form.classList.toggle("answered", isOver);
  form.classList.toggle("hidden-results", isOver && poll.hidden);
  fillOnce(parts.question, poll.question, poll.questionEntities);
  fillOnce(parts.description, poll.description, poll.descriptionEntities);
  parts.description.hidden = !poll.description;
  keyed(
    parts.options,
    poll.options.map((text, index) => ({ text, index })),
    ({ index }) => index,
    (option) => makeOption(form, option),
    (row, option) => updateOption(row, option, poll, vote ?? [], { isOver, isShown }),
  );
  updateFoot(form, vote, { isOver, isShown });
  countDown(form);
  if (poll.closesAt && !poll.closed) open.add(form);
}

function makeOption(form, { index }) {
  const { poll, message } = form;
  const name = `${message.chat}-${message.id}`;
  const input = el("input", { type: poll.multiple ? "checkbox" : "radio", name, value: index });
  const row = el("label.option", {}, input, el("span.share"), el("span.text"), el("span.note"), el("span.gauge"));
  [row.input, row.share, row.text, row.note, row.gauge] = row.children;
  row.gauge.setAttribute("aria-hidden", "true");
  return row;
}

function updateOption(row, { text, index }, poll, vote, { isOver, isShown }) {
  const isChosen = vote.includes(index);
  const isRight = poll.correct.includes(index);
  const share = poll.total ? Math.round((100 * poll.counts[index]) / poll.total) : 0;
  setText(row.text, text);
  setText(row.share, isShown ? `${share}%` : "");
  setText(row.note, isOver ? noteOf(poll, isChosen, isRight) : "");
  row.gauge.style.setProperty("--share", `${share}%`);
  row.classList.toggle("chosen", isOver && isChosen);
  row.classList.toggle("right", isShown && poll.quiz && isRight);
  row.classList.toggle("wrong", isShown && poll.quiz && isChosen && !isRight);
  if (isOver) row.input.checked = isChosen;
  else if (row.wasOver) row.input.checked = false;
  row.wasOver = isOver;
}

function fillOnce(part, text, entities) {
  if (part.dataset.text === text) return;
  part.dataset.text = text;
  fillRich(part, text, entities);
}

function noteOf(poll, isChosen, isRight) {
  const own = isChosen ? "你的选择" : "";
  if (!poll.quiz || poll.hidden) return own;
  if (isRight) return own ? `✓ ${own}` : "✓ 正确答案";
  return own ? `× ${own}` : "";
}

function updateFoot(form, vote, { isOver, isShown }) {
  const { parts, poll } = form;
  set(parts.fieldset, "disabled", isOver);
  parts.submit.hidden = isOver || !poll.multiple;
  parts.withdraw.hidden = !(vote && poll.revoting && !poll.closed);
  const verdict = poll.quiz && vote && isShown ? (isEqual(vote, poll.correct) ? "right" : "wrong") : "none";
  parts.verdict.hidden = verdict === "none";
  set(parts.verdict, "data-verdict", verdict);
  setText(parts.verdict, { right: "✓ 正确", wrong: "× 不对", none: "" }[verdict]);
  parts.explanation.hidden = !(isShown && poll.quiz && poll.explanation);
  if (!parts.explanation.hidden) fillOnce(parts.explanation, poll.explanation, poll.explanationEntities);
  const verb = poll.quiz ? "已答" : "已投票";
  const total = poll.total ? `${poll.total} 人${verb}` : `还没有人${poll.quiz ? "回答" : "投票"}`;
  setText(parts.total, poll.hidden ? `${total} · 结果将在截止后公布` : total);
  refreshSubmit(form);
}

const isEqual = (a, b) => a.length === b.length && a.every((value) => b.includes(value));
const chosen = (form) => [...form.querySelectorAll("input:checked")].map((input) => Number(input.value));
const refreshSubmit = (form) => set(form.parts.submit, "disabled", chosen(form).length === 0);

function countDown(form) {
  const { poll, parts } = form;
  const kind = [poll.quiz ? "测验" : "投票", poll.multiple ? "多选" : "单选"];
  if (poll.anonymous) kind.push("匿名");
  if (poll.closed) kind.push("已结束");
  else if (poll.closesAt) kind.push(`剩余 ${left(new Date(poll.closesAt).getTime() - now())}`);
  setText(parts.kind, kind.join(" · "));
}

setInterval(() => {
  for (const form of open) {
    if (!form.isConnected || form.poll.closed) open.delete(form);
    else countDown(form);
  }
}, 500);

async function send(form, options) {
  form.inert = true;
  try {
    await act("vote", { chat: form.message.chat, message: form.message.id, options });
  } catch (error) {
    complain(error.message);
    for (const input of form.querySelectorAll("input")) input.checked = false;
  }
  form.inert = false;
}
