// Filter as you type: hides the rows of a long table that do not hold all words.
(() => {
  "use strict";

  for (const box of document.querySelectorAll(".filter")) {
    const table = document.querySelector(`table.${box.dataset.table}`);
    const rows = [...table.querySelectorAll("tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const input = box.querySelector("input");
    const status = box.querySelector("[role=status]");
    const update = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, index) => {
        row.hidden = !words.every((word) => texts[index].includes(word));
        count += row.hidden ? 0 : 1;
      });
      status.textContent = box.dataset.count.replace("{count}", count).replace("{all}", rows.length);
    };
    input.addEventListener("input", update);
    update();
  }
})();
