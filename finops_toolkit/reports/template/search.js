"use strict";
(() => {
  const box = document.getElementById("find"), said = document.getElementById("found");
  const rows = [...document.querySelectorAll("tr[data-words]")];
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      row.hidden = !words.every(word => row.dataset.words.includes(word));
      count += !row.hidden;
    }
    for (const part of document.querySelectorAll("section.period"))
      part.hidden = words.length > 0 && !part.querySelector("tr[data-words]:not([hidden])");
    said.textContent = words.length ? `${count} of ${rows.length} rows` : "";
  };
  box.addEventListener("input", show);
  box.closest("[hidden]").hidden = false;
  show();
})();
