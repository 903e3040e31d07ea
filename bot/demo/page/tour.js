// The guided tour: cards from the server, ticks from its facts, and leading the eye; it never acts itself.

import { el, icon, keyed, set, setText } from "./dom.js";
import { newestKey } from "./log.js";
import { complain } from "./notices.js";
import { on, state } from "./store.js";

const panel = document.getElementById("tour");
const cards = el("ol.steps");
const progress = el("p.progress", { role: "status" });
const stops = new Map(); // step number → the stop to lead to next
let current; // the first step that is not done
let led; // the step led to last: it stays open when it is done, for what is still to be seen
let go = () => {};

export function startTour(goTo) {
  go = goTo;
  panel.append(progress, cards);
  on(["tour"], render);
  document.addEventListener("click", unring, true);
}

function render() {
  const done = state.tour.filter((step) => step.done).length;
  const isOver = done > 0 && done === state.tour.length;
  setText(progress, isOver ? "导览已走完，接下来随意试。" : `已完成 ${done}/${state.tour.length}，顺序随意。`);
  const before = current;
  current = state.tour.find((step) => !step.done)?.number;
  keyed(
    cards,
    state.tour,
    (step) => step.number,
    makeCard,
    (card, step) => updateCard(card, step, step.number === current),
  );
  if (before && current !== before) cards.querySelector(".current")?.scrollIntoView({ block: "nearest" });
}

function makeCard(step) {
  const lead = el("button.lead", { type: "button" }, el("span", {}, "带我去"), icon("go"));
  lead.onclick = () => leadOn(step.number);
  const tick = el("span.tick");
  const heading = el("h3", {}, tick, el("span.step-title", {}, step.title), el("span.step-done"));
  const ways = step.stops.map((stop, index) => {
    const way = el("button.way", { type: "button" }, el("b", {}, stop.who), ` ${stop.what}`, el("span.hint"));
    way.onclick = () => leadTo(step, index);
    return el("li", {}, way);
  });
  return el("li.step", {}, heading, el("p.sentence", {}, step.sentence), el("ol.ways", {}, ...ways), lead);
}

function updateCard(card, step, isCurrent) {
  const [heading, , ways, lead] = card.children;
  card.step = step;
  card.classList.toggle("done", step.done);
  card.classList.toggle("current", isCurrent);
  set(card, "aria-current", isCurrent ? "step" : null);
  setText(heading.querySelector(".tick"), step.done ? "✓" : String(step.number));
  setText(heading.querySelector(".step-done"), step.done ? "已完成" : "");
  ways.querySelectorAll(".hint").forEach((hint, index) => setText(hint, step.stops[index].hint));
  ways.hidden = !isCurrent && step.number !== led;
  lead.classList.toggle("primary", isCurrent);
  lead.classList.toggle("pulse-once", isCurrent && step.number === 1 && !stops.size);
}

function leadOn(number) {
  const step = state.tour.find((s) => s.number === number);
  leadTo(step, stops.get(number) ?? 0);
}

function leadTo(step, index) {
  stops.set(step.number, (index + 1) % step.stops.length);
  const { person, chat, mark } = step.stops[index];
  led = step.number;
  for (const card of cards.children) {
    updateCard(card, card.step, card.step.number === current);
    if (card.step.number !== led) continue;
    [...card.querySelectorAll(".way")].forEach((way, at) => set(way, "aria-current", at === index ? "true" : null));
  }
  go(person, chat);
  highlight(mark, 20);
}

function unring() {
  for (const node of document.querySelectorAll(".pointed")) node.classList.remove("pointed");
}

/** Rings the thing meant, and waits a second for it to be drawn. */
function highlight(mark, tries) {
  const node = mark.startsWith("key:") ? newestKey(mark.slice(4)) : document.querySelector(`[data-tour="${mark}"]`);
  if (!node || node.offsetParent === null) {
    if (tries > 0) setTimeout(() => highlight(mark, tries - 1), 50);
    else complain("这里还没有要点的按钮，请先做前面的步骤。");
    return;
  }
  unring();
  node.scrollIntoView({ block: "nearest" });
  void node.offsetWidth;
  node.classList.add("pointed");
  const target = node.matches("button, summary") ? node : (node.querySelector("textarea, input, button") ?? node);
  target.focus({ preventScroll: true });
  setTimeout(() => node.classList.remove("pointed"), 4000);
}
