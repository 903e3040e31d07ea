// Moments as the page writes them: always Beijing time, which knows no summer time.

const BEIJING = 8 * 60 * 60 * 1000;
const WEEKDAYS = "日一二三四五六";
const two = (number) => String(number).padStart(2, "0");

function parts(moment) {
  const date = new Date(new Date(moment).getTime() + BEIJING);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: `周${WEEKDAYS[date.getUTCDay()]}`,
    time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`,
    seconds: two(date.getUTCSeconds()),
  };
}

export const time = (moment) => parts(moment).time;

export function timeToTheSecond(moment) {
  const p = parts(moment);
  return `${p.time}:${p.seconds}`;
}

export function day(moment) {
  const p = parts(moment);
  return `${p.year}年${p.month}月${p.day}日 ${p.weekday}`;
}

export function shortDay(moment) {
  const p = parts(moment);
  return `${p.month}月${p.day}日`;
}

export function dayAndTime(moment) {
  const p = parts(moment);
  return `${p.month}月${p.day}日 ${p.time}`;
}

export function dayWeekdayTime(moment) {
  const p = parts(moment);
  return `${p.month}月${p.day}日 ${p.weekday} ${p.time}`;
}

/** As a list of chats shows it: the time today, the day before that. */
export function listed(moment, now) {
  return day(moment) === day(now) ? time(moment) : shortDay(moment);
}

/** What is left: `0:45`, `2:05:00`, `3 天`. */
export function left(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds >= 2 * 86400) return `${Math.floor(seconds / 86400)} 天`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
