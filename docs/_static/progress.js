// What a reader has done: ticks and the last place, kept in this browser and nowhere else.
(() => {
  "use strict";

  const STORE = "eatorch-progress";
  const ID = /^\d\d(-\d+)?$/; // "07" is a lesson, "07-2" an exercise: same in both languages
  const DAY = /^\d{4}-\d\d-\d\d$/;
  const words = document.querySelector("article").dataset;
  const account = document.getElementById("progress"); // on the plan page
  const accountWords = account?.dataset ?? {};

  // ---- The record ----
  const blank = () => ({ eatorch: "progress", version: 1, done: {}, last: null });
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  // A record in a file or in the browser is checked alike, entry by entry.
  const parse = (text) => {
    let record;
    try {
      record = JSON.parse(text);
    } catch {
      throw new Error(accountWords.fileNoJson);
    }
    if (record?.eatorch !== "progress" || typeof record.done !== "object" || !record.done) {
      throw new Error(accountWords.fileOther);
    }
    if (record.version !== 1) throw new Error(fill(accountWords.fileVersion, { version: record.version }));
    const wrong = Object.entries(record.done).find(([id, day]) => !ID.test(id) || !DAY.test(day));
    if (wrong) throw new Error(fill(accountWords.fileEntry, { entry: wrong.join(": ") }));
    return { ...blank(), done: { ...record.done }, last: place(record.last) };
  };
  const place = (last) =>
    typeof last?.page === "string" && /^lessons\/\w+\/\d\d_\w+\.html$/.test(last.page)
      ? { page: last.page, section: String(last.section ?? "") }
      : null;

  const keep = (name, text) => {
    try {
      localStorage.setItem(name, text);
      return true;
    } catch {
      return false; // storage is full or forbidden
    }
  };
  const read = () => {
    let text = null;
    try {
      text = localStorage.getItem(STORE);
      return text ? parse(text) : blank();
    } catch {
      // Damaged by something else: put aside, so that nothing is lost.
      if (text) keep(`${STORE}-damaged`, text);
      return blank();
    }
  };
  const write = (record) => {
    if (!keep(STORE, JSON.stringify(record))) return false;
    show();
    return true;
  };
  const today = () => {
    const now = new Date();
    const two = (number) => String(number).padStart(2, "0");
    return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  };
  const mark = (id, done) => {
    const record = read();
    if (done) record.done[id] ??= today();
    else delete record.done[id];
    return write(record);
  };

  // ---- The boxes ----
  const box = (id, label) => {
    const frame = document.createElement("label");
    frame.className = "tick";
    const input = document.createElement("input");
    input.type = "checkbox";
    input.dataset.tick = id;
    frame.append(input, " ", label);
    return frame;
  };
  // Some hosts leave ".html" out of the address; the record and all links have it.
  const lesson = /\/(lessons\/\w+\/\d\d_\w+)(\.html)?$/.exec(location.pathname);
  if (lesson) {
    for (const title of document.querySelectorAll("article section > h3")) {
      const number = /^\S+ (\d\d-\d+)[:：]/.exec(title.textContent)?.[1]; // Exercise 07-1: …
      if (number) title.parentElement.append(box(number, fill(words.tickExercise, { number })));
    }
  }
  // The tables of the plan hold an empty box for the pen; here it becomes a real one.
  for (const cell of document.querySelectorAll(".study-plan .own-tick")) {
    const row = cell.closest("tr");
    const number = /(\d\d)_\w+\.html/.exec(row.querySelector("a[href]")?.getAttribute("href") ?? "");
    if (!number) continue;
    const frame = box(number[1], "");
    frame.firstChild.setAttribute("aria-label", fill(words.tickNamed, { title: row.querySelector("a").textContent }));
    cell.replaceChildren(frame);
  }
  document.addEventListener("change", (event) => {
    const id = event.target.dataset?.tick;
    if (id && !mark(id, event.target.checked)) {
      event.target.checked = !event.target.checked;
      say(words.storeFailed);
    }
  });

  const show = () => {
    const { done } = read();
    for (const input of document.querySelectorAll("[data-tick]")) {
      input.checked = input.dataset.tick in done;
      input.closest("tr")?.classList.toggle("done", input.checked);
    }
    for (const link of document.querySelectorAll('.sidebar-tree a[href$=".html"], a.card')) {
      const number = /(\d\d)_\w+\.html$/.exec(link.getAttribute("href"));
      if (number && number[1] in done) link.dataset.done = words.done;
      else delete link.dataset.done;
    }
    showCount(done);
    document.dispatchEvent(new CustomEvent("eatorch-progress", { detail: done }));
  };

  // ---- The account on the plan page ----
  const say = (text) => {
    const status = account?.querySelector("[role=status]");
    if (status) status.textContent = text;
    else window.alert(text);
  };
  const showCount = (done) => {
    if (!account) return;
    const all = new Set([...document.querySelectorAll("[data-tick]")].map((it) => it.dataset.tick));
    const count = [...all].filter((id) => id in done).length;
    const exercises = Object.keys(done).filter((id) => id.includes("-")).length;
    Object.assign(account.querySelector("progress"), { max: all.size || 1, value: count });
    account.querySelector(".progress-count").textContent =
      fill(accountWords.progressCount, { count, all: all.size, exercises });
  };
  const offer = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const bring = async (file) => {
    if (file.size > 100_000) throw new Error(accountWords.fileOther);
    const theirs = parse(await file.text());
    const ours = read();
    const days = Object.entries(theirs.done);
    // Nothing is taken away: what either side has done stays done, on its earlier day.
    for (const [id, day] of days) {
      if (!ours.done[id] || day < ours.done[id]) ours.done[id] = day;
    }
    if (!write({ ...ours, last: ours.last ?? theirs.last })) throw new Error(words.storeFailed);
    return fill(accountWords.fileRead, { count: days.length });
  };
  if (account) {
    account.hidden = false;
    account.querySelector("[name=export]").addEventListener("click", () => {
      offer("eatorch-progress.json", "application/json", `${JSON.stringify(read(), null, 1)}\n`);
    });
    account.querySelector("[name=import]").addEventListener("change", async (event) => {
      const file = event.target.files[0];
      if (!file) return;
      say(await bring(file).catch((error) => `${file.name}: ${error.message}`));
      event.target.value = "";
    });
    account.querySelector("[name=forget]").addEventListener("click", () => {
      if (window.confirm(accountWords.forgetSure)) write(blank());
    });
  }

  // ---- Where you were ----
  const here = document.querySelector(".continue-here");
  const { last } = read();
  const known = last && document.querySelector(`.sidebar-tree a[href$="${last.page}"]`);
  if (here && known) {
    const [before, after] = words.continueAt.split("{lesson}");
    const link = document.createElement("a");
    link.href = known.getAttribute("href") + (last.section ? `#${last.section}` : "");
    link.textContent = known.textContent;
    here.querySelector("p").replaceChildren(before, link, after);
  }
  if (lesson) {
    const note = () => {
      const record = read();
      record.last = { page: `${lesson[1]}.html`, section: window.eatorchSection() };
      keep(STORE, JSON.stringify(record)); // or the place is not kept, nothing else changes
    };
    note();
    addEventListener("pagehide", note);
  }

  window.eatorchProgress = { read, offer, fill };
  addEventListener("storage", (event) => event.key === STORE && show()); // another tab
  addEventListener("pageshow", show);
  show();
})();
