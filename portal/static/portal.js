// Small help for pages that work without it: keys, dialogs, drafts, dropped files, lost sessions.
"use strict";
(() => {
  const one = (what, from = document) => from.querySelector(what);
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const token = () => one("meta[name=csrf]")?.content ?? "";

  // Every htmx request carries the session's token.
  document.addEventListener("htmx:configRequest", (e) => { e.detail.headers["X-CSRF-Token"] = token(); });
  // Our own answers to refused requests are parts of pages, so they are shown.
  document.addEventListener("htmx:beforeSwap", (e) => {
    const status = e.detail.xhr.status;
    if ([403, 404, 409, 413, 422, 429, 500].includes(status)) { e.detail.shouldSwap = true; e.detail.isError = false; }
    if (status === 401) { e.detail.shouldSwap = false; askAgain(); }
  });

  // --- a session that ended while somebody was typing: sign in again without losing anything ---
  const again = one("#sign-in-again");
  const askAgain = () => { if (again && !again.open) { again.showModal(); one("input[type=password]", again).focus(); } };
  again?.addEventListener("submit", async (e) => {
    e.preventDefault();
    const form = e.target;
    const complaint = one(".complaint", form);
    // The sign-in page gives the visit under which a form may sign in.
    const page = new DOMParser().parseFromString(await (await fetch("/sign-in")).text(), "text/html");
    const body = new FormData(form);
    body.set("csrf", one("input[name=csrf]", page)?.value ?? "");
    const answer = await fetch("/sign-in", { method: "POST", body, headers: { accept: "application/json" } });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) { complaint.textContent = said.error ?? answer.statusText; complaint.hidden = false; return; }
    one("meta[name=csrf]").content = said.csrf;
    all("input[name=csrf]").forEach((field) => { field.value = said.csrf; });
    form.reset();
    complaint.hidden = true;
    again.close();
  });

  // --- drafts: a form with data-draft="key" keeps what is typed until it is sent ---
  const drafts = (root) => all("form[data-draft]", root).forEach((form) => {
    const key = `draft:${form.dataset.draft}`;
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      const field = form.elements.namedItem(name);
      if (field && "value" in field && field.type !== "file" && !field.value) field.value = value;
    }
    form.addEventListener("input", () => {
      const values = Object.fromEntries([...new FormData(form)].filter(([n, v]) => typeof v === "string" && n !== "csrf"));
      sessionStorage.setItem(key, JSON.stringify(values));
    });
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    if (e.detail.successful && e.detail.elt.dataset?.draft) sessionStorage.removeItem(`draft:${e.detail.elt.dataset.draft}`);
  });
  document.addEventListener("htmx:afterSwap", (e) => { drafts(e.target); label(e.target); });

  // --- tables: labels of cells for the phone, rows as links ---
  const label = (root) => all("table.stack", root).forEach((table) => {
    const heads = all("thead th", table).map((h) => h.textContent.trim());
    all("tbody tr", table).forEach((row) => [...row.children].forEach((cell, i) => {
      if (!cell.dataset.label && heads[i] && cell.colSpan === 1) cell.dataset.label = heads[i];
    }));
  });
  const open = (row) => { if (row?.dataset.href) location.assign(row.dataset.href); };

  document.addEventListener("click", (e) => {
    const target = e.target instanceof Element ? e.target : null;
    if (!target) return;
    const opener = target.closest("[data-opens]");
    if (opener) { one(`#${opener.dataset.opens}`)?.showModal(); return; }
    if (target.closest("[data-closes]")) { target.closest("dialog")?.close(); return; }
    if (target.closest("[data-dismiss]")) { target.closest(".message")?.remove(); return; }
    if (!target.closest(".who")) all("details.who[open]").forEach((d) => { d.open = false; });
    if (!target.closest("a, button, input, select, textarea, label")) open(target.closest("tr[data-href]"));
  });

  // --- keys: / search, j and k rows, Enter opens, ? help ---
  let here = -1;
  const move = (step) => {
    const rows = all("main table.data tbody tr");
    if (!rows.length) return;
    rows[here]?.classList.remove("here");
    here = Math.min(Math.max(here + step, 0), rows.length - 1);
    rows[here].classList.add("here");
    rows[here].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (e) => {
    const typing = e.target.closest?.("input, select, textarea, [contenteditable]");
    if (e.key === "Escape" && typing?.matches("[data-search]")) typing.blur();
    if (typing || e.ctrlKey || e.metaKey || e.altKey || one("dialog[open]")) return;
    if (e.key === "/") { const field = one("[data-search]"); if (field) { e.preventDefault(); field.focus(); field.select(); } }
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "Enter" && here >= 0 && !e.target.closest?.("a, button, summary")) open(all("main table.data tbody tr")[here]);
    else if (e.key === "?") one("#keys")?.showModal();
    else { const button = one(`[data-key="${CSS.escape(e.key)}"]`); if (button) { e.preventDefault(); button.click(); } }
  });

  // --- files dropped on .drop go into its input and the form is sent ---
  const dropping = (e, over) => {
    const zone = e.target.closest?.(".drop");
    if (zone) { e.preventDefault(); zone.classList.toggle("over", over); }
    return zone;
  };
  document.addEventListener("dragover", (e) => dropping(e, true));
  document.addEventListener("dragleave", (e) => dropping(e, false));
  document.addEventListener("drop", (e) => {
    const zone = dropping(e, false);
    const input = zone && one("input[type=file]", zone);
    if (!input || !e.dataTransfer.files.length) return;
    input.files = e.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  label(document);
  drafts(document);
})();
