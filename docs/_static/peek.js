// A paragraph in the other language, beside it: by the key "t", or by a tap once allowed.
// Both pages come from one document, so the n-th block here is the n-th block there.
(() => {
  "use strict";

  const BLOCKS = ":is(p, h1, h2, h3, h4, li, dt, dd, th, td, summary):not(:has(p, ul, ol, li))";
  const SKIP = ".lesson-card, .highlight, .output, .sphx-glr-script-out, .tip, .used-here, .drift";
  const article = document.querySelector("article");
  const words = article.dataset;
  const other = document.querySelector(".language-switch a[hreflang]");

  const blocksOf = (root) => [...root.querySelectorAll(BLOCKS)].filter((it) => !it.closest(SKIP));
  const ours = blocksOf(article);

  let twin; // fetched when first asked for
  const blocksThere = async () => {
    const answer = await fetch(other.getAttribute("href").split("#")[0]);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const theirs = blocksOf(page.querySelector("article"));
    const alike = theirs.length === ours.length && theirs.every((it, n) => it.tagName === ours[n].tagName);
    if (!alike) throw new Error("the pages differ");
    return theirs;
  };

  // A block's words in the other language, without what belongs to that page alone.
  const wordsOf = (block) => {
    const copy = block.cloneNode(true);
    for (const part of copy.querySelectorAll(".tip, .headerlink, .peek-button, svg, [data-tick]")) part.remove();
    // A term is a plain link here: its explanation stays on its own page.
    for (const term of copy.querySelectorAll(".term")) term.replaceWith(term.querySelector("a"));
    for (const part of copy.querySelectorAll("[id], [aria-describedby]")) {
      part.removeAttribute("id");
      part.removeAttribute("aria-describedby");
    }
    const peek = document.createElement("span");
    peek.className = "peek";
    peek.lang = other.lang;
    peek.append(...copy.childNodes);
    return peek;
  };
  const show = async (block, wanted) => {
    twin ??= blocksThere();
    const peek = await twin.then(
      (theirs) => wordsOf(theirs[ours.indexOf(block)]),
      () => {
        twin = undefined; // the next try may find it
        return Object.assign(document.createElement("span"), { className: "peek", textContent: words.peekFailed });
      },
    );
    if (block.classList.contains("peeked") || !wanted()) return;
    // The original keeps its words in one cell, so that two columns can stand side by side.
    const original = document.createElement("span");
    original.className = "peek-original";
    original.append(...block.childNodes);
    block.classList.add("peeked");
    block.append(original, peek);
  };
  const hide = (block) => {
    block.querySelector(":scope > .peek").remove();
    const original = block.querySelector(":scope > .peek-original");
    original.replaceWith(...original.childNodes);
    block.classList.remove("peeked");
  };
  const toggle = async (block, wanted) => {
    if (block.classList.contains("peeked")) hide(block);
    else await show(block, wanted);
    const open = block.classList.contains("peeked");
    block.querySelector(".peek-button")?.setAttribute("aria-expanded", String(open));
  };

  // ---- By key: the block under the pointer, with the focus, or at the reader's eye ----
  let pointed = null;
  const blockOf = (node) => {
    const block = node?.closest?.(BLOCKS);
    return ours.includes(block) ? block : null;
  };
  document.addEventListener("pointermove", (event) => { pointed = event.target; }, { passive: true });
  const current = () =>
    blockOf(document.activeElement) ??
    (pointed?.isConnected ? blockOf(pointed) : null) ??
    ours.find((it) => it.getBoundingClientRect().bottom > innerHeight / 4);
  document.addEventListener("keydown", (event) => {
    const block = window.eatorchKey(event, "t") && current();
    if (block) toggle(block, () => true);
  });

  // ---- By tap, in a mode of its own, so that reading and selecting stay as they were ----
  const switches = document.querySelectorAll(".peek-switch");
  const inMode = () => article.classList.contains("peeking");
  const setMode = (on) => {
    article.classList.toggle("peeking", on);
    for (const it of switches) it.setAttribute("aria-pressed", String(on));
    if (!on) {
      for (const block of article.querySelectorAll(".peeked")) hide(block);
      for (const button of article.querySelectorAll(".peek-button")) button.remove();
      return;
    }
    // Real buttons, for the keyboard and for screen readers.
    for (const block of ours.filter((it) => it.matches("p, li, dd"))) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "peek-button";
      button.textContent = words.peekShort;
      button.setAttribute("aria-label", words.peekParagraph);
      button.setAttribute("aria-expanded", String(block.classList.contains("peeked")));
      block.append(" ", button);
    }
  };
  for (const it of switches) {
    it.addEventListener("click", () => setMode(!inMode()));
  }
  article.addEventListener("click", (event) => {
    const button = event.target.closest(".peek-button");
    const tapped = inMode() && !event.target.closest("a, button, summary, label, input");
    if (!button && (!tapped || String(getSelection()))) return;
    const block = blockOf(event.target);
    if (block) toggle(block, inMode); // the mode may end while the other page loads
  });
})();
