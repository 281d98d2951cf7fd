// The desk: sheets as tabs, any cell becomes a field, a finding leads to its cell.
"use strict";
(() => {
  const one = (what, from = document) => from.querySelector(what);
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const form = one("#fix");

  const show = (number) => {
    all(".sheet").forEach((s) => { s.hidden = s.id !== `sheet-${number}`; });
    all("[data-sheet]").forEach((a) => {
      if (a.dataset.sheet === String(number)) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    });
  };

  const field = (cell) => {
    let input = one("input.cell", cell);
    if (input || !form) return input;
    const before = document.createElement("input");
    before.type = "hidden";
    before.name = `o:${cell.dataset.at}`;
    before.value = cell.textContent.trim();
    input = document.createElement("input");
    input.className = "cell";
    input.name = `v:${cell.dataset.at}`;
    input.value = before.value;
    input.autocomplete = "off";
    input.setAttribute("aria-label", cell.dataset.at);
    cell.replaceChildren(before, input);
    return input;
  };

  const count = () => {
    let changed = 0;
    all("td[data-at]", form).forEach((cell) => {
      const input = one("input.cell", cell);
      const is = Boolean(input) && input.value.trim() !== one("input[type=hidden]", cell).value.trim();
      cell.classList.toggle("changed", is);
      if (is) changed += 1;
    });
    const words = one("#changed");
    words.textContent = changed ? words.dataset.words.replace("#", changed) : "";
  };

  document.addEventListener("click", (e) => {
    const tab = e.target.closest("[data-sheet]");
    if (tab) { e.preventDefault(); show(tab.dataset.sheet); return; }
    const cell = e.target.closest("#fix td[data-at]");
    if (cell) { const had = one("input.cell", cell); const input = field(cell); if (!had && input) { input.focus(); input.select(); } return; }
    const finding = e.target.closest(".finding[data-cell]");
    if (finding && !e.target.closest("a, button, form")) {
      all("td.look").forEach((c) => c.classList.remove("look"));
      const found = all("td[data-at]").find((c) => c.dataset.at === finding.dataset.cell);
      if (!found) return;
      show(found.closest(".sheet").id.slice(6));
      found.classList.add("look");
      found.scrollIntoView({ block: "center", inline: "center" });
      field(found)?.focus();
    }
  });
  if (form) {
    form.addEventListener("input", count);
    form.addEventListener("keydown", (e) => {
      // As in a spreadsheet: Enter goes down a row, and never sends the form from a cell.
      if (e.key !== "Enter" || !e.target.matches("input.cell")) return;
      e.preventDefault();
      const cell = e.target.closest("td");
      const below = cell.closest("tr").nextElementSibling?.children[cell.cellIndex];
      if (below?.dataset.at) field(below)?.focus();
    });
    // What was typed before and is kept as a draft needs its field again.
    const kept = JSON.parse(sessionStorage.getItem(`draft:${form.dataset.draft}`) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      if (!name.startsWith("v:")) continue;
      const cell = all("td[data-at]", form).find((c) => c.dataset.at === name.slice(2));
      if (cell) field(cell).value = value;
    }
    count();
  }
})();
