"use strict";
(() => {
  const HEIGHT = 28, AROUND = 12;
  const SHOWN = { p: ["✓", "passes"], f: ["✗", "fails the gate"], k: ["≡", "known failure"], n: ["≈", "differs, gate holds"], u: ["∅", "unsupported"],
    e: ["!", "error"], r: ["·", "not run"], "-": ["–", "not known"] };
  const BROKEN = ["f", "k", "n"];
  const $ = (id) => document.getElementById(id);

  /* Everything that comes from data is shown as text: nothing here makes markup of a string. */
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  };

  let index, haystack, shown = [], packed = null, at = { row: 0, column: 0 }, opener = null, asked = 0;
  const chunks = new Map();
  const size = Number($("index").dataset.chunk);

  const details = (number) => {
    packed ??= JSON.parse($("packed").textContent);
    const chunk = Math.floor(number / size);
    if (!chunks.has(chunk)) chunks.set(chunk, unpack(packed[chunk]));
    return chunks.get(chunk).then((all) => all[number % size]);
  };

  /* clauses */

  const clauseRows = [...$("clauses").tBodies[0].rows].map((row) => ({ row, level: row.dataset.level, text: row.textContent.toLowerCase(),
    broken: row.querySelector("button") !== null }));

  const filterClauses = () => {
    const words = $("clause-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const level = $("clause-level").value, broken = $("clause-broken").checked;
    let count = 0;
    for (const one of clauseRows) {
      const fits = (!level || one.level === level) && (!broken || one.broken) && words.every((word) => one.text.includes(word));
      one.row.hidden = !fits;
      count += fits;
    }
    $("clause-count").textContent = `${count} of ${clauseRows.length}`;
  };

  /* cases */

  const filterCases = () => {
    const words = $("case-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const entry = $("case-entry").value, mark = $("case-mark").value, clause = $("case-clause").value;
    const columns = entry === "" ? index.marks : [index.marks[Number(entry)]];
    const wanted = clause === "" ? null : Number(clause);
    shown = [];
    for (let number = 0; number < index.ids.length; number++) {
      if (words.length && !words.every((word) => haystack[number].includes(word))) continue;
      if (mark === "different") {
        if (columns.every((column) => column[number] === columns[0][number])) continue;
      } else if (mark && !columns.some((column) => column[number] === mark)) continue;
      if (wanted !== null && !concerns(number, wanted, entry, mark)) continue;
      shown.push(number);
    }
    $("case-count").textContent = `${shown.length.toLocaleString("en")} of ${index.ids.length.toLocaleString("en")}`;
    $("grid").setAttribute("aria-rowcount", shown.length + 1);
    $("rows").style.height = `${shown.length * HEIGHT}px`;
    $("grid").scrollTop = 0;
    at = { row: 0, column: 0 };
    draw();
  };

  /* A case concerns a clause if it exercises it; where failures are asked for, if its verdict breaks it. */
  const concerns = (number, clause, entry, mark) => {
    if (!BROKEN.includes(mark)) return index.of[number].includes(clause);
    const broken = index.broken[number];
    return (entry === "" ? Object.values(broken) : [broken[entry] ?? []]).some((own) => own.includes(clause));
  };

  const draw = () => {
    const grid = $("grid");
    const first = Math.max(0, Math.floor(grid.scrollTop / HEIGHT) - AROUND);
    const last = Math.min(shown.length, Math.ceil((grid.scrollTop + grid.clientHeight) / HEIGHT) + AROUND);
    const rows = [];
    for (let position = first; position < last; position++) rows.push(drawn(position));
    $("rows").replaceChildren(...rows);
  };

  const drawn = (position) => {
    const number = shown[position];
    const row = make("div", { role: "row", class: "row", "aria-rowindex": position + 2 });
    row.style.top = `${position * HEIGHT}px`;
    const cells = [make("span", { role: "rowheader", class: "name", title: index.abouts[number] || index.ids[number] }, index.ids[number])];
    index.marks.forEach((marks) => {
      const mark = marks[number], [sign, words] = SHOWN[mark];
      cells.push(make("span", { role: "gridcell", class: `cell mark ${mark}` }, sign, make("span", { class: "hidden" }, ` ${words}`)));
    });
    cells.forEach((cell, column) => {
      cell.dataset.row = position;
      cell.dataset.column = column;
      cell.tabIndex = position === at.row && column === at.column ? 0 : -1;
    });
    row.append(...cells);
    return row;
  };

  const move = (row, column) => {
    at = { row: Math.max(0, Math.min(shown.length - 1, row)), column: Math.max(0, Math.min(index.marks.length, column)) };
    const grid = $("grid"), top = at.row * HEIGHT, room = grid.clientHeight - 2 * HEIGHT;
    if (top < grid.scrollTop) grid.scrollTop = top;
    if (top > grid.scrollTop + room) grid.scrollTop = top - room;
    draw();
    $("rows").querySelector('[tabindex="0"]')?.focus();
  };

  const keys = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [16, 0], PageUp: [-16, 0],
    Home: [-Infinity, 0], End: [Infinity, 0] };

  const pressed = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(at.row, at.column);
    } else if (keys[event.key]) {
      event.preventDefault();
      move(at.row + keys[event.key][0], at.column + keys[event.key][1]);
    }
  };

  /* details */

  const open = async (row, column) => {
    const number = shown[row];
    if (number === undefined) return;
    at = { row, column };
    opener = true;
    const entries = column > 0 ? [column - 1] : index.titles.map((_, entry) => entry);
    await show(number, entries);
  };

  /* The title and what it is about change together, and what is asked for last is what stays. */
  const show = async (number, entries) => {
    const own = ++asked;
    const found = await details(number);
    if (own !== asked) return;
    $("details-title").textContent = index.ids[number];
    $("details-content").replaceChildren(...told(number, found, entries));
    if (!$("details").open) $("details").showModal();
    $("details").scrollTop = 0;
  };

  const paragraph = (label, text) => (text ? make("p", {}, make("strong", {}, `${label}: `), text) : null);

  const copyable = (title, text) => {
    const said = make("span", { class: "copied quiet", role: "status" });
    const button = make("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        document.execCommand("copy");
      }
      said.textContent = "copied";
    });
    const code = make("pre", { tabindex: "0", "aria-label": title }, text);
    return [make("h3", {}, title, " ", button, said), code];
  };

  const told = (number, found, entries) => {
    const parts = [];
    if (index.abouts[number]) parts.push(make("p", {}, index.abouts[number]));
    for (const rule of found.rules) parts.push(paragraph("rule", rule));
    parts.push(make("h3", {}, "Clauses"), make("ul", {}, ...index.of[number].map((clause) => clauseItem(clause))));
    if (found.source) parts.push(paragraph("written down in", found.source));
    if (found.python) parts.push(...copyable("The request as Python", found.python));
    for (const entry of entries) parts.push(...verdict(entry, index.marks[entry][number], found.cells[entry], index.ids[number]));
    return parts.filter((part) => part !== null);
  };

  const clauseItem = (clause) => make("li", {}, make("code", {}, index.clauses[clause][0]), ` ${index.clauses[clause][1]}`);

  const verdict = (entry, mark, cell, id) => {
    const [sign, words] = SHOWN[mark];
    const parts = [make("h3", {}, `${index.titles[entry]}: `, make("span", { class: `mark ${mark}` }, `${sign} ${words}`))];
    if (!cell) return parts;
    const layers = Object.entries(cell.layers).map(([layer, answer]) => `${layer}: ${answer}`).join(", ");
    parts.push(paragraph("known", cell.known), paragraph("why", cell.text), paragraph("code", cell.code), paragraph("layers", layers), paragraph("blame", cell.blame));
    const broken = cell.clauses.map((name) => index.clauses.findIndex((clause) => clause[0] === name)).filter((clause) => clause >= 0);
    if (broken.length) parts.push(make("p", {}, make("strong", {}, "breaks:")), make("ul", {}, ...broken.map(clauseItem)));
    for (const cause of cell.causes ?? []) parts.push(paragraph("likely cause", cause));
    for (const text of cell.also ?? []) parts.push(paragraph("also", text));
    for (const note of cell.notes) parts.push(paragraph("note", note));
    if (cell.like) parts.push(alike(cell.like, entry), paragraph("this one", `wireproof run --select '${id}' '${index.names[entry]}'`));
    for (const step of cell.steps ?? []) parts.push(...compared(step, cell.steps.length > 1 || step.step > 0));
    if (cell.script) parts.push(...copyable(`A script that shows it (${index.names[entry]})`, cell.script));
    parts.push(paragraph("fingerprint", cell.fingerprint));
    return parts;
  };

  const alike = (id, entry) => {
    const button = make("button", { type: "button" }, id);
    button.addEventListener("click", () => show(index.ids.indexOf(id), [entry]));
    return make("p", {}, make("strong", {}, "the same way, told in full: "), button);
  };

  const compared = (step, several) => {
    const parts = [];
    const name = several ? `The bytes of step ${step.step + 1}` : "The bytes";
    if (step.raises !== step.raised) {
      parts.push(paragraph("expected", step.raises ? `raises ${step.raises}` : "no exception"),
        paragraph("seen", step.raised ? `raises ${step.raised}` : "no exception"));
    }
    if (!step.rows.length) return parts;
    const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "expected"), make("th", { scope: "col" }, "received")));
    const body = make("tbody", {}, ...step.rows.map(([kind, left, right]) => make("tr", { class: kind }, side(left), side(right))));
    return [...parts, make("h3", {}, name), make("table", { class: "wire" }, head, body)];
  };

  /* CR and LF as words, for which every font has letters; the pictures stand for nothing else. */
  const ends = (text) => text.split(/([\u240d\u240a])/).filter(Boolean).map((part) => (
    part === "\u240d" ? make("span", { class: "end" }, "CR") : part === "\u240a" ? make("span", { class: "end" }, "LF") : part));

  const side = (one) => {
    if (one === null) return make("td", {}, make("span", { class: "hidden" }, "nothing"));
    const text = one.text.flatMap(([part, marked]) => (marked ? [make("mark", {}, ...ends(part))] : ends(part)));
    return make("td", {}, ...text, one.about ? make("span", { class: "about" }, one.about) : null);
  };

  /* start */

  const begin = async () => {
    filterClauses();
    index = await unpack(JSON.parse($("index").textContent));
    haystack = index.ids.map((id, number) => `${id} ${index.abouts[number]}`.toLowerCase());
    $("grid").setAttribute("aria-colcount", index.titles.length + 1);
    for (const name of ["clause-text", "clause-level", "clause-broken"]) $(name).addEventListener("input", filterClauses);
    for (const name of ["case-text", "case-entry", "case-mark", "case-clause"]) $(name).addEventListener("input", filterCases);
    for (const name of ["clause-filters", "case-filters"]) $(name).addEventListener("submit", (event) => event.preventDefault());
    $("case-filters").addEventListener("reset", () => setTimeout(filterCases));
    $("clauses").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      $("case-text").value = "";
      $("case-entry").value = button.dataset.entry;
      $("case-clause").value = button.closest("tr").dataset.clause;
      $("case-mark").value = "";
      showBroken(button.dataset.entry, Number(button.closest("tr").dataset.clause));
      $("cases-heading").focus();
      $("cases-heading").scrollIntoView();
    });
    $("grid").addEventListener("scroll", draw, { passive: true });
    $("grid").addEventListener("keydown", pressed);
    $("rows").addEventListener("click", (event) => {
      const cell = event.target.closest("[data-row]");
      if (cell) open(Number(cell.dataset.row), Number(cell.dataset.column));
    });
    $("details").addEventListener("close", () => {
      if (opener) move(at.row, at.column);
      opener = null;
    });
    filterCases();
    document.documentElement.dataset.ready = "true";
  };

  /* Cases in which a candidate breaks a clause, whether at the gate or not. */
  const showBroken = (entry, clause) => {
    const failing = index.marks[Number(entry)];
    const marks = new Set(index.broken.flatMap((broken, number) => ((broken[entry] ?? []).includes(clause) ? [failing[number]] : [])));
    $("case-mark").value = BROKEN.find((mark) => marks.has(mark)) ?? "f";
    filterCases();
  };

  begin();
})();
