// What this window knows of the world, and who it plays. Pages listen to topics; nothing here touches a node.

const KEPT = 300;
const KEPT_CALLS = 300;

export const state = {
  run: null,
  seq: 0,
  bot: { id: 0, name: "机器人", username: "" },
  people: [],
  chats: new Map(),
  commands: {},
  calls: [],
  troubles: [],
  tour: [],
  clock: { now: null, next: null, heardAt: 0 },
  me: null,
  chat: null,
};

const listeners = new Map();
let waiting = null;

export function on(topics, listener) {
  for (const topic of topics) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

/** Tells the listeners, each once, after everything that arrived together has been taken in. */
export function changed(...topics) {
  if (waiting === null) {
    waiting = new Set();
    setTimeout(tell);
  }
  for (const topic of topics) waiting.add(topic);
}

/** Tells them now: whoever goes somewhere may type there at once. */
export function tell() {
  const due = new Set([...(waiting ?? [])].flatMap((topic) => listeners.get(topic) ?? []));
  waiting = null;
  for (const listener of due) listener();
}

export function take(snapshot) {
  const isNewRun = state.run !== snapshot.run;
  state.run = snapshot.run;
  state.seq = snapshot.seq;
  state.bot = snapshot.bot;
  state.people = snapshot.people;
  state.commands = snapshot.commands;
  state.calls = snapshot.calls;
  state.troubles = snapshot.troubles;
  state.chats = new Map(snapshot.chats.map((chat) => [chat.id, withMessages(chat, chat.messages)]));
  takeDesk(snapshot.desk);
  if (isNewRun) readMarks(snapshot.run);
  choose(state.me ?? state.tour[0]?.stops[0]?.person, state.chat);
  changed("people", "chat", "clock", "calls", "tour", "commands");
}

const withMessages = (chat, messages) => ({ ...chat, messages: new Map(messages.map((m) => [m.id, m])) });

/** Takes in one event; false when it is not the next one and the snapshot has to be loaded again. */
export function apply(event) {
  if (event.seq !== undefined) {
    if (event.seq <= state.seq) return true;
    if (event.seq !== state.seq + 1) return false;
    state.seq = event.seq;
  }
  for (const [part, taker] of Object.entries(takers)) if (event[part] !== undefined) taker(event[part]);
  if (event.desk !== undefined) takeDesk(event.desk);
  return true;
}

const takers = {
  chat(chat) {
    state.chats.set(chat.id, { messages: new Map(), ...state.chats.get(chat.id), ...chat });
    changed("people", "chat");
  },
  message(message) {
    const messages = state.chats.get(message.chat)?.messages;
    if (!messages) return;
    messages.set(message.id, message);
    if (messages.size > KEPT) messages.delete(messages.keys().next().value);
    changed("people", "chat");
  },
  deleted({ chat, id }) {
    state.chats.get(chat)?.messages.delete(id);
    changed("people", "chat");
  },
  person(person) {
    const known = state.people.find((p) => p.id === person.id);
    if (known) Object.assign(known, person);
    changed("people", "chat");
  },
  commands(commands) {
    state.commands = commands;
    changed("commands");
  },
  call(call) {
    state.calls.push(call);
    if (state.calls.length > KEPT_CALLS) state.calls.shift();
    changed("calls");
  },
  trouble(trouble) {
    state.troubles.push(trouble);
    changed("calls");
  },
};

function takeDesk({ now: heard, next, roles, tour }) {
  if (heard) Object.assign(state.clock, { now: heard, heardAt: performance.now() });
  if (next !== undefined) state.clock.next = next;
  if (roles) for (const person of state.people) person.role = roles[person.id] ?? person.role;
  if (tour) state.tour = tour;
  changed("clock", "people", "tour");
}

/** The virtual moment now: the last one heard of, and the real time gone by since. */
export function now() {
  const { now: heard, heardAt } = state.clock;
  return heard === null ? 0 : new Date(heard).getTime() + performance.now() - heardAt;
}

// Who this window plays, and what of it he has read

export const person = (id) => state.people.find((p) => p.id === id);
export const me = () => person(state.me);
export const openChat = () => state.chats.get(state.chat);
export const isPrivate = (chat) => chat.kind === "private";
export const isMine = (message) => message.from?.id === state.me;

export function chatsOf(personId) {
  const groups = [...state.chats.values()].filter(
    (chat) => !isPrivate(chat) && !chat.gone && chat.members.includes(personId),
  );
  const own = state.chats.get(personId);
  return own ? [own, ...groups] : groups;
}

export function choose(personId, chatId) {
  const chosen = person(personId) ?? state.people[0];
  if (!chosen) return;
  const chats = chatsOf(chosen.id);
  const wanted = chats.find((chat) => chat.id === chatId) ?? chats.find((chat) => !isPrivate(chat)) ?? chats[0];
  state.me = chosen.id;
  state.chat = wanted?.id ?? null;
  changed("people", "chat", "commands");
}

export const lastOf = (chat) => [...chat.messages.values()].at(-1);

export function titleOf(chat) {
  return isPrivate(chat) ? state.bot.name : chat.title;
}

const marks = {};
const MARKS_KEY = "ketang-read";

/** Marks of an earlier run say nothing: there everything counts as read. */
function readMarks(run) {
  for (const key of Object.keys(marks)) delete marks[key];
  const stored = JSON.parse(localStorage.getItem(MARKS_KEY) ?? "{}");
  if (stored.run === run) {
    Object.assign(marks, stored.marks);
    return;
  }
  for (const { id } of state.people) for (const chat of chatsOf(id)) marks[`${id}:${chat.id}`] = lastOf(chat)?.id ?? 0;
}

addEventListener("storage", ({ key, newValue }) => {
  if (key !== MARKS_KEY || !newValue) return;
  const stored = JSON.parse(newValue);
  if (stored.run === state.run) Object.assign(marks, stored.marks);
  changed("people");
});

export function markRead() {
  const key = `${state.me}:${state.chat}`;
  const last = openChat() && lastOf(openChat())?.id;
  if (!last || marks[key] === last) return;
  marks[key] = last;
  localStorage.setItem(MARKS_KEY, JSON.stringify({ run: state.run, marks }));
  changed("people");
}

export function unread(personId, chat) {
  const mark = marks[`${personId}:${chat.id}`] ?? 0;
  let count = 0;
  for (const message of chat.messages.values()) {
    if (message.id > mark && !message.service && message.from?.id !== personId) count += 1;
  }
  return count;
}

export const unreadOf = (personId) => chatsOf(personId).reduce((sum, chat) => sum + unread(personId, chat), 0);
