// From hours a day to dates: reads the tables of the plan page, writes a timetable.
(() => {
  "use strict";

  const { read, offer, fill } = window.eatorchProgress;
  const form = document.getElementById("planner");
  const words = form.dataset;
  const days = document.getElementById("planner-days");
  const status = form.querySelector("[role=status]");
  const language = document.documentElement.lang;

  // ---- What there is to learn ----
  const lessonsOf = (table) =>
    [...table.querySelectorAll("tbody tr")].flatMap((row) => {
      const link = row.querySelector('a[href*="lessons/"]');
      const number = /(\d\d)_\w+\.html/.exec(link?.getAttribute("href") ?? "");
      if (!number) return [];
      const hours = Number(row.querySelector(".plan-hours").textContent);
      return [{ number: number[1], title: link.textContent, href: link.href, hours, path: row.matches(".on-path") }];
    });
  const tracks = [...document.querySelectorAll("table.study-plan")].map((table) => ({
    title: table.closest("section").querySelector("h1, h2, h3").firstChild.textContent,
    lessons: lessonsOf(table),
  }));
  const path = tracks[0].lessons.filter((it) => it.path);
  const choices = [{ title: words.planPath, lessons: path }, { title: words.planAll, lessons: tracks[0].lessons }, ...tracks.slice(1)];

  // ---- When to learn it ----
  // A lesson that is longer than what is left of a day goes on on the next one.
  const spread = (lessons, perDay, dates) => {
    const plan = [];
    let room = 0;
    for (const lesson of lessons) {
      for (let left = lesson.hours; left > 1e-9; ) {
        if (room <= 1e-9) {
          plan.push({ date: dates.next().value, parts: [] });
          room = perDay;
        }
        const hours = Math.min(left, room);
        plan.at(-1).parts.push({ ...lesson, hours });
        left -= hours;
        room -= hours;
      }
    }
    return plan;
  };
  function* studyDays(start, weekdays) {
    for (let day = new Date(start); ; day = new Date(day.getTime() + 864e5)) {
      if (weekdays.has(day.getUTCDay())) yield day;
    }
  }
  const wishes = () => {
    const data = new FormData(form);
    const factor = data.has("exercises") ? 2 : 1;
    const done = read().done;
    const lessons = choices[Number(data.get("track"))].lessons
      .filter((it) => !(it.number in done))
      .map((it) => ({ ...it, hours: it.hours * factor }));
    return {
      lessons,
      perDay: Number(data.get("hours")),
      start: new Date(`${data.get("start")}T00:00:00Z`),
      weekdays: new Set(data.getAll("weekday").map(Number)),
    };
  };
  const complaint = ({ perDay, start, weekdays }) => {
    if (!(perDay >= 0.25 && perDay <= 12)) return words.planHoursWrong;
    if (Number.isNaN(start.getTime())) return words.planStartWrong;
    return weekdays.size ? "" : words.planWeekdaysWrong;
  };

  // ---- Shown, printed, taken away ----
  const dated = new Intl.DateTimeFormat(language, { timeZone: "UTC", weekday: "short", year: "numeric", month: "short", day: "numeric" });
  const amount = (hours) => fill(words.planHours, { hours: Math.round(hours * 100) / 100 });
  const rowOf = ({ date, parts }) => {
    const row = document.createElement("tr");
    const [when, what] = [document.createElement("th"), document.createElement("td")];
    when.scope = "row";
    when.textContent = dated.format(date);
    parts.forEach((part, index) => {
      const link = document.createElement("a");
      link.href = part.href;
      link.textContent = part.title;
      what.append(...(index ? [words.planAnd] : []), link, ` ${amount(part.hours)}`);
    });
    row.append(when, what);
    return row;
  };
  let plan = [];
  const update = () => {
    const wish = wishes();
    const wrong = complaint(wish);
    plan = wrong ? [] : spread(wish.lessons, wish.perDay, studyDays(wish.start, wish.weekdays));
    days.querySelector("tbody").replaceChildren(...plan.map(rowOf));
    days.hidden = !plan.length;
    for (const button of form.querySelectorAll("button")) button.disabled = !plan.length;
    const total = wish.lessons.reduce((sum, it) => sum + it.hours, 0);
    status.textContent =
      wrong ||
      (plan.length
        ? fill(words.planSummary, { lessons: wish.lessons.length, hours: Math.round(total * 10) / 10, days: plan.length, end: dated.format(plan.at(-1).date) })
        : words.planDone);
  };

  // RFC 5545: lines end in CR LF, are at most 75 octets long and go on after a space.
  const escaped = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\n/g, "\\n");
  const folded = (line) => {
    const parts = [];
    let part = "";
    for (const letter of line) {
      if (new TextEncoder().encode(part + letter).length > 74) {
        parts.push(part);
        part = "";
      }
      part += letter;
    }
    return [...parts, part].join("\r\n ");
  };
  const compact = (date) => date.toISOString().slice(0, 10).replaceAll("-", "");
  const event = ({ date, parts }) => [
    "BEGIN:VEVENT",
    `UID:${compact(date)}-${parts.map((it) => it.number).join("-")}@eatorch`,
    `DTSTAMP:${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`,
    `DTSTART;VALUE=DATE:${compact(date)}`,
    `DTEND;VALUE=DATE:${compact(new Date(date.getTime() + 864e5))}`,
    `SUMMARY:${escaped(`eatorch: ${parts.map((it) => it.title).join(words.planAnd)}`)}`,
    `DESCRIPTION:${escaped(parts.map((it) => `${it.number} ${it.title} ${amount(it.hours)}\n${it.href}`).join("\n"))}`,
    "TRANSP:TRANSPARENT",
    "END:VEVENT",
  ];
  const calendar = () =>
    ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//eatorch//study plan//EN", ...plan.flatMap(event), "END:VCALENDAR", ""]
      .map(folded)
      .join("\r\n");

  choices.forEach((it, index) => form.elements.track.add(new Option(it.title, index)));
  const week = form.querySelector(".planner-week");
  for (const day of [1, 2, 3, 4, 5, 6, 0]) { // the 4th of January 1970 was a Sunday
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "checkbox", name: "weekday", value: day, checked: true });
    const name = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" }).format(new Date((3 + day) * 864e5));
    label.append(input, " ", name);
    week.append(label);
  }
  const now = new Date();
  form.elements.start.value = new Date(now.getTime() - now.getTimezoneOffset() * 6e4).toISOString().slice(0, 10);
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.calendar.addEventListener("click", () => offer("eatorch-plan.ics", "text/calendar", calendar()));
  form.elements.print.addEventListener("click", () => window.print());
  document.addEventListener("eatorch-progress", update);
  form.hidden = false;
  update();
})();
