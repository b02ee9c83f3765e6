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

  // "/" goes to the search box, as on many sites.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.getElementById("search-input") ?? document.querySelector(".sidebar-search");
    if (!box) return;
    event.preventDefault();
    box.focus();
  });
})();
