// The reporter's pages: upload progress, and the form that keeps itself while it is filled in.
"use strict";
(() => {
  const one = (what, from = document) => from.querySelector(what);
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const token = () => one("meta[name=csrf]")?.content ?? "";
  const say = (tone, words) => {
    const box = document.createElement("div");
    box.className = `message ${tone}`;
    const text = document.createElement("p");
    text.textContent = words;
    box.append(text);
    one("#messages")?.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };

  // --- upload: how much is sent, and what to do when the line breaks ---
  document.addEventListener("htmx:xhr:progress", (e) => {
    const bar = one("progress.sending", e.target.closest?.("[data-upload]") ?? document);
    if (!bar || !e.detail.lengthComputable) return;
    bar.hidden = e.detail.loaded >= e.detail.total;
    bar.value = (100 * e.detail.loaded) / e.detail.total;
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    const form = e.target.closest?.("[data-upload]");
    if (!form) return;
    one("progress.sending", form).hidden = true;
    one("input[type=file]", form).value = "";  // the same file may be chosen again
  });
  document.addEventListener("htmx:sendError", (e) => {
    if (e.target.closest?.("[data-upload]")) say("bad", "网络断开，文件没有送到。没有留下半份文件，请再选一次。");
  });

  // --- the form in the browser ---
  const filling = one("[data-filling]");
  if (!filling) return;
  const path = filling.dataset.filling;
  const kept = `filling:${path}`;
  const state = one(".fill-state", filling);
  const body = one("tbody", filling);
  let seen = Number(filling.dataset.seen);
  let timer = 0;
  let busy = null;
  let dirty = false;

  const show = (words, bad = false) => { state.textContent = words; state.classList.toggle("bad", bad); };
  const cells = (row) => all("[data-code]", row);
  const typed = () => ({
    rows: all("tr", body).map((row) => Object.fromEntries(cells(row).map((c) => [c.dataset.code, c.value]))),
    cover: Object.fromEntries(all("[data-cover]", filling).map((c) => [c.dataset.cover, c.value])),
    zero: one("[data-zero]", filling)?.checked ?? false,
  });
  const put = (rows, cover) => {
    while (all("tr", body).length < rows.length) add();
    rows.forEach((row, r) => cells(all("tr", body)[r]).forEach((c) => { set(c, row[c.dataset.code] ?? ""); }));
    all("[data-cover]", filling).forEach((c) => { c.value = cover?.[c.dataset.cover] ?? c.value; });
  };
  const set = (cell, value) => {
    if (cell.tagName === "SELECT" && value && ![...cell.options].some((o) => o.value === value)) cell.add(new Option(value, value));
    cell.value = value;
  };
  let made = 0;
  const add = () => {
    const row = one("template", filling).content.firstElementChild.cloneNode(true);
    made += 1;
    cells(row).forEach((c) => {
      const id = `x-n${made}-${c.dataset.code}`;
      c.id = id;
      c.parentElement.querySelector("label").htmlFor = id;
    });
    body.append(row);
    return row;
  };
  const send = (method) => fetch(path, {
    method,
    headers: { "content-type": "application/json", "x-csrf-token": token(), "hx-request": "true" },
    body: JSON.stringify(method === "PUT" ? { ...typed(), seen } : { ...typed(), seen }),
  });
  const inBrowser = () => sessionStorage.setItem(kept, JSON.stringify({ ...typed(), seen }));

  const save = async () => {
    if (busy) { await busy; }
    if (!dirty) return;
    dirty = false;
    show(filling.dataset.saving);
    busy = (async () => {
      try {
        const answer = await send("PUT");
        if (answer.status === 401) { dirty = true; inBrowser(); show(filling.dataset.offline, true); again(); return; }
        const said = await answer.json().catch(() => ({}));
        if (!answer.ok) { dirty = answer.status !== 409; inBrowser(); show(said.error ?? filling.dataset.offline, true); return; }
        seen = said.version;
        sessionStorage.removeItem(kept);
        const rows = all("tr", body);
        said.computed.forEach((values, r) => rows[r] && cells(rows[r]).forEach((c) => {
          if (c.dataset.code in values) c.value = values[c.dataset.code];
        }));
        show(`${filling.dataset.saved} ${said.saved}`);
      } catch { dirty = true; inBrowser(); show(filling.dataset.offline, true); }
    })();
    await busy;
    busy = null;
  };
  const again = () => {
    const box = one("#sign-in-again");
    if (!box || box.open) return;
    box.showModal();
    box.addEventListener("close", () => { dirty = true; save(); }, { once: true });
  };
  const changed = () => {
    dirty = true;
    inBrowser();
    clearTimeout(timer);
    timer = setTimeout(save, 900);
  };

  filling.addEventListener("input", changed);
  filling.addEventListener("click", async (e) => {
    if (e.target.closest("[data-adds]")) { one("[data-code]:not([readonly])", add())?.focus(); }
    const gone = e.target.closest("[data-removes]");
    if (gone) { gone.closest("tr").remove(); if (!one("tr", body)) add(); changed(); }
    if (e.target.closest("[data-sends]")) {
      const button = e.target.closest("[data-sends]");
      clearTimeout(timer);
      if (busy) await busy;
      button.disabled = true;
      try {
        const answer = await send("POST");
        if (answer.status === 401) { inBrowser(); again(); return; }
        const to = answer.headers.get("hx-redirect");
        if (to) { sessionStorage.removeItem(kept); dirty = false; location.assign(to); return; }
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        say("bad", one("p", part)?.textContent ?? answer.statusText);
      } catch { inBrowser(); show(filling.dataset.offline, true); } finally { button.disabled = false; }
    }
  });

  // Enter and the arrows go from cell to cell; a block copied from a spreadsheet fills cells.
  filling.addEventListener("keydown", (e) => {
    const cell = e.target.closest("[data-code]");
    if (!cell || e.isComposing) return;
    const down = e.key === "ArrowDown" || (e.key === "Enter" && !e.shiftKey);
    const up = e.key === "ArrowUp" || (e.key === "Enter" && e.shiftKey);
    if (!down && !up || (cell.tagName === "SELECT" && e.key !== "Enter")) return;
    e.preventDefault();
    const row = cell.closest("tr");
    const single = filling.classList.contains("single");
    const list = single ? cells(row).filter((c) => !c.readOnly) : all(`[data-code="${cell.dataset.code}"]`, body);
    const next = list[list.indexOf(cell) + (down ? 1 : -1)];
    if (next) { next.focus(); next.select?.(); }
    else if (down && !single && e.key === "Enter") { one(`[data-code="${cell.dataset.code}"]`, add()).focus(); }
  });
  filling.addEventListener("paste", (e) => {
    const cell = e.target.closest("[data-code]");
    const text = e.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
    if (!cell || !/[\t\n]/.test(text)) return;
    e.preventDefault();
    const lines = text.split("\n").map((line) => line.split("\t"));
    const rows = all("tr", body);
    const first = rows.indexOf(cell.closest("tr"));
    const from = cells(cell.closest("tr")).indexOf(cell);
    const single = filling.classList.contains("single");
    lines.forEach((line, r) => {
      if (single && lines.length > 1 && line.length === 1) {  // a column copied goes down the fields
        const target = cells(rows[0])[from + r];
        if (target && !target.readOnly) set(target, line[0].trim());
        return;
      }
      const row = rows[first + r] ?? (single ? null : add());
      if (row) line.forEach((value, c) => { const target = cells(row)[from + c]; if (target && !target.readOnly) set(target, value.trim()); });
    });
    changed();
  });
  addEventListener("beforeunload", (e) => { if (dirty) { inBrowser(); e.preventDefault(); } });

  // What did not reach the server last time is put back.
  const left = JSON.parse(sessionStorage.getItem(kept) ?? "null");
  if (left) { put(left.rows, left.cover); say("warn", filling.dataset.restored); changed(); }
})();
