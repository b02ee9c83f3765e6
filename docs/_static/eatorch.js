// Small comforts of every page. The page is complete without them.
(() => {
  "use strict";

  const tree = document.documentElement.lang.startsWith("zh") ? "zh-cn" : "en";
  try {
    localStorage.setItem("eatorch-language", tree); // the root page reads it
  } catch {
    // Storage may be forbidden; the root page then asks the browser.
  }

  // Sections have the same ids in both languages, so the switch can stay in place.
  const currentSection = () => {
    const line = window.innerHeight / 4;
    let current = "";
    for (const section of document.querySelectorAll("article section[id] section[id]")) {
      if (section.getBoundingClientRect().top > line) break;
      current = section.id;
    }
    return window.scrollY > line ? current : "";
  };
  window.eatorchSection = currentSection;
  for (const link of document.querySelectorAll(".language-switch a")) {
    const page = link.getAttribute("href");
    const aim = () => {
      const query = document.getElementById("search-form") ? location.search : "";
      const section = currentSection();
      link.href = page + query + (section ? `#${section}` : "");
    };
    for (const event of ["pointerenter", "pointerdown", "focus", "click"]) {
      link.addEventListener(event, aim);
    }
  }

  // Code can be copied, without the prompts and the output of a session.
  const copyText = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const focused = document.activeElement;
    const area = document.createElement("textarea"); // pages opened as files
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused.focus({ preventScroll: true }); // a keyboard goes on from the button
    if (!done) throw new Error("copy was refused");
  };
  const words = document.querySelector("article").dataset;
  const icon = document.querySelector("#icon-copy");
  const addButton = (block) => {
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.title = words.copy;
    button.setAttribute("aria-label", words.copy);
    button.append(icon.content.cloneNode(true));
    button.addEventListener("click", async () => {
      const code = block.querySelector("pre").cloneNode(true);
      for (const part of code.querySelectorAll(".gp, .go, .linenos")) part.remove();
      const result = await copyText(code.textContent.trimEnd() + "\n").then(
        () => words.copied,
        () => words.copyFailed,
      );
      button.dataset.result = result;
      button.setAttribute("aria-label", result);
      setTimeout(() => {
        delete button.dataset.result;
        button.setAttribute("aria-label", words.copy);
      }, 2000);
    });
    block.append(button);
  };
  // A lesson has a hundred blocks: each gets its button when it comes near.
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((it) => it.isIntersecting)) {
        near.unobserve(entry.target);
        addButton(entry.target);
      }
    },
    { rootMargin: "400px" },
  );
  for (const block of document.querySelectorAll("article .highlight")) {
    if (!block.closest(".sphx-glr-script-out, .cell_output")) near.observe(block);
  }

  // A term's meaning stays inside the window, goes away with Escape, and on a touch screen
  // comes with the first tap; the second one follows the link to the glossary.
  for (const event of ["pointerover", "focusin"]) {
    document.addEventListener(event, ({ target }) => {
      const term = target.closest?.(".term");
      if (!term || term.dataset.shown) return;
      term.dataset.shown = "yes";
      const tip = term.querySelector(".tip");
      tip.style.transform = ""; // that of the last time would be measured too
      const over = tip.getBoundingClientRect().right - document.documentElement.clientWidth + 16;
      tip.style.transform = over > 0 && getComputedStyle(tip).position === "absolute" ? `translateX(${-over}px)` : "";
    });
  }
  for (const event of ["pointerout", "focusout"]) {
    document.addEventListener(event, ({ target, relatedTarget }) => {
      const term = target.closest?.(".term");
      // What the pointer leaves may still have the focus, and the other way round.
      const stays = event === "pointerout" ? term?.contains(document.activeElement) : term?.matches(":hover");
      if (!term || stays || term.contains(relatedTarget)) return;
      delete term.dataset.shown;
      term.classList.remove("dismissed");
    });
  }
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const term of document.querySelectorAll(".term:is(:hover, :focus-within)")) term.classList.add("dismissed");
  });
  let touched = null;
  document.addEventListener("pointerdown", ({ target, pointerType }) => {
    const term = pointerType === "touch" ? target.closest?.(".term") : null;
    touched = term && !term.contains(document.activeElement) ? term : null;
  });
  document.addEventListener("click", (event) => {
    if (!touched?.contains(event.target)) return;
    event.preventDefault();
    touched.querySelector("a").focus();
    touched = null;
  });

  // Single keys get in the way of readers who dictate, so the foot of each page holds a
  // switch for them: https://www.w3.org/TR/WCAG22/#character-key-shortcuts
  const keys = document.createElement("input");
  keys.type = "checkbox";
  keys.name = "keys";
  const setting = document.createElement("label");
  setting.className = "tick";
  setting.append(keys, " ", words.keysSwitch);
  document.querySelector(".bottom-of-page .right-details").append(setting);
  const readKeys = () => {
    try {
      keys.checked = localStorage.getItem("eatorch-keys") !== "off";
    } catch {
      keys.checked = true;
    }
  };
  keys.addEventListener("change", () => {
    try {
      localStorage.setItem("eatorch-keys", keys.checked ? "on" : "off");
    } catch {
      // Storage is full or forbidden: it holds for this page only.
    }
  });
  readKeys();
  for (const event of ["pageshow", "storage"]) addEventListener(event, readKeys); // back again, another tab
  window.eatorchKey = (event, key) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    return keys.checked && event.key === key && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  };

  // "/" goes to the search box, as on many sites.
  document.addEventListener("keydown", (event) => {
    if (!window.eatorchKey(event, "/")) return;
    const box = document.getElementById("search-input") ?? document.querySelector(".sidebar-search");
    if (!box) return;
    event.preventDefault();
    box.focus();
  });
})();
