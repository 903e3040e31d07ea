// The way to the server: the snapshot, the stream of events, acts and the clock.

import { apply, state, take } from "./store.js";

const AGAIN_AFTER = 1000;
const answered = [];
const acting = [];
let source = null;
let attempt = 0;
let whenUp = () => {};

/** `listener({query, person, text, alert, url})` for every press the bot has answered. */
export function onAnswer(listener) {
  answered.push(listener);
}

/** `listener()` whenever somebody does something in this window. */
export function onAct(listener) {
  acting.push(listener);
}

/** Loads the snapshot and follows from there; `isUp` hears whether the server answers. */
export async function connect(isUp = whenUp) {
  whenUp = isUp;
  attempt += 1;
  const mine = attempt;
  source?.close();
  const again = () => {
    whenUp(false);
    setTimeout(() => mine === attempt && connect(), AGAIN_AFTER);
  };
  let snapshot;
  try {
    snapshot = await asked("/sim/state");
  } catch {
    again();
    return;
  }
  if (mine !== attempt) return;
  take(snapshot);
  whenUp(true);
  source = new EventSource(`/sim/events?after=${state.seq}&run=${state.run}`);
  source.onmessage = ({ data }) => mine === attempt && hear(JSON.parse(data));
  source.addEventListener("reset", () => connect());
  source.onerror = () => {
    source.close();
    again();
  };
}

function hear(event) {
  if (!apply(event)) connect();
  else if (event.answer) for (const listener of answered) listener(event.answer);
}

async function asked(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, { cache: "no-store", ...options });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `服务器答复 ${response.status}`);
  return answer;
}

/** What the person played here does; throws an Error with the text of the refusal. */
export function act(verb, fields = {}) {
  for (const listener of acting) listener();
  return asked("/sim/act", { actor: state.me, verb, ...fields });
}

/** Moves the clock: `{seconds}` or `{next: true}`; answers with what happened on the way. */
export const moveClock = (step) => asked("/sim/clock", step);
