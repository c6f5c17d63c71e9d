"use strict";
// Tables sort by a click on a column's name. Each table is there as CSV, Markdown and LaTeX and each plot as
// SVG: they are made when asked for, from what the page shows. Without scripts the page is whole, only still.

const NAME = document.body.dataset.name;
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap",
  "opacity", "font-size", "font-family", "font-weight", "text-anchor"];

// ---- what a table says

/** The words of a cell as [its own, those of each <small> in it], without drawings. */
function parts(cell) {
  const copy = cell.cloneNode(true);
  for (const one of copy.querySelectorAll("svg, .axis")) one.remove();
  const notes = [...copy.querySelectorAll("small")].map((one) => {
    one.remove();
    return { kind: one.dataset.part ?? "note", text: clean(one.textContent) };
  });
  return { own: clean(copy.textContent), notes: notes.filter((one) => one.text) };
}
const clean = (text) => text.replace(/\s+/g, " ").trim();

/** Columns of a table: name, cells (as parts), and whether they are numbers; those of drawings are left out. */
function columns(table) {
  const rows = [...table.tBodies, table.tFoot].filter(Boolean).flatMap((body) => [...body.rows]);
  return [...table.tHead.rows[0].cells]
    .map((head, at) => ({ name: head.dataset.name ?? parts(head).own, cells: rows.map((row) => parts(row.cells[at])) }))
    .filter((column) => column.cells.some((cell) => cell.own))
    .map((column) => ({ ...column, numeric: numeric(column.cells.map((cell) => cell.own)) }));
}

const NUMBER = /^[+−-]?\d+(\.\d+)?( ?%)?$/;
const told = (text) => text && text !== "–";
const numeric = (texts) => texts.some(told) && texts.filter(told).every((text) => NUMBER.test(text));

// ---- sorting

/** What a cell is sorted by. */
const key = (cell) => cell.dataset.sort ?? parts(cell).own;

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const keys = () => [...table.tBodies[0].rows].map((row) => key(row.cells[at]));
    if (!keys().some(told)) return;
    head.tabIndex = 0;
    head.classList.add("sorts");
    head.onclick = () => sort(table, at);
    head.onkeydown = (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(table, at); }
    };
  });
}

/** Numbers the greatest first, words from A; again the other way round; a third time as it was. */
function sort(table, at) {
  const head = table.tHead.rows[0].cells[at], body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, number) => (row.dataset.was ??= number));
  const ascends = numeric(rows.map((row) => key(row.cells[at]))) ? ["descending", "ascending"] : ["ascending", "descending"];
  const way = [...ascends, undefined][head.ariaSort ? ascends.indexOf(head.ariaSort) + 1 : 0];
  for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
  if (way) head.setAttribute("aria-sort", way);
  const sign = way === "descending" ? -1 : 1;
  const before = (a, b) => {
    const [x, y] = [key(a.cells[at]), key(b.cells[at])];
    if (!told(x) || !told(y)) return told(y) - told(x);  // what is absent comes last, whichever way
    return sign * (ascends[0] === "descending" ? value(x) - value(y) : x.localeCompare(y, undefined, { numeric: true }));
  };
  const was = (a, b) => a.dataset.was - b.dataset.was;
  body.append(...rows.sort(way ? (a, b) => before(a, b) || was(a, b) : was));
}
const value = (text) => parseFloat(text.replace("−", "-"));

// ---- tables as files

const FORMATS = {
  CSV: [".csv", "text/csv", csv],
  Markdown: [".md", "text/markdown", markdown],
  LaTeX: [".tex", "application/x-tex", latex],
};

/** What a program reads: a true minus, nothing for what is absent, notes in columns of their own. */
function csv(table) {
  const bare = (text) => (told(text) ? text.replace(/^[±+](?=\d)/, "").replaceAll("−", "-") : "");
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const split = columns(table).flatMap((column) => {
    const kinds = [...new Set(column.cells.flatMap((cell) => cell.notes.map((one) => one.kind)))];
    const of = (cell, kind) => cell.notes.filter((one) => one.kind === kind).map((one) => one.text).join(" ");
    return [
      [column.name, ...column.cells.map((cell) => bare(cell.own))],
      ...kinds.map((kind) => [`${column.name} ${kind}`.trim(), ...column.cells.map((cell) => bare(of(cell, kind)))]),
    ];
  });
  return split[0].map((_, row) => split.map((column) => quoted(column[row])).join(",") + "\n").join("");
}

/** A cell as a paper has it: without the settings, which are in the page and in the CSV. */
function whole(cell) {
  const notes = cell.notes.filter((one) => one.kind !== "settings");
  return [cell.own, ...notes.map((one) => (one.kind === "interval" ? `(${one.text})` : one.text))].filter(Boolean).join(" ");
}

function markdown(table) {
  const found = columns(table), escaped = (text) => text.replaceAll("|", "\\|");
  const line = (cells) => `| ${cells.map(escaped).join(" | ")} |\n`;
  const rows = found[0].cells.map((_, row) => line(found.map((column) => whole(column.cells[row]))));
  return line(found.map((one) => one.name)) + `|${found.map((one) => (one.numeric ? "--:|" : "---|")).join("")}\n` + rows.join("");
}

const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "−": "$-$", "–": "--",
  "±": "$\\pm$", "→": "$\\rightarrow$", "²": "$^2$", "×": "$\\times$", "…": "\\ldots{}", "·": "$\\cdot$", "’": "'" };

function latex(table) {
  const escaped = (text) => text.replace(/[&%$#_{}\\~^−–±→²×…·’]/g, (one) => TEX[one] ?? `\\${one}`);
  const found = columns(table), line = (cells) => `${cells.map(escaped).join(" & ")} \\\\\n`;
  const rows = found[0].cells.map((_, row) => line(found.map((column) => whole(column.cells[row]))));
  return `% \\usepackage{booktabs}\n\\begin{tabular}{${found.map((one) => (one.numeric ? "r" : "l")).join("")}}\n\\toprule\n` +
    `${line(found.map((one) => one.name))}\\midrule\n${rows.join("")}\\bottomrule\n\\end{tabular}\n`;
}

// ---- plots as files

/** A drawing by itself, in the colours of paper. */
function drawing(svg) {
  const copy = svg.cloneNode(true), [, , width, height] = svg.getAttribute("viewBox").split(" ");
  const [from, to] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  document.documentElement.classList.add("paper");
  from.forEach((one, at) => {
    const look = getComputedStyle(one);
    to[at].removeAttribute("class");
    to[at].setAttribute("style", STYLES.map((name) => `${name}:${plain(look.getPropertyValue(name))}`).join(";"));
  });
  document.documentElement.classList.remove("paper");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return new XMLSerializer().serializeToString(copy) + "\n";
}

/** A value of a style as every program reads it: mixed colours as rgb(). */
const plain = (style) => style.replaceAll('"', "'").replace(/color\(srgb ([^)]+)\)/, (_, shares) =>
  `rgb(${shares.split(" ").map((share) => Math.round(255 * share)).join(", ")})`);

/** A table's drawn column as one drawing: the name of each row, its track, its number, the axis below. */
function forest(table) {
  const LEFT = 300, MIDDLE = 320, RIGHT = 240, ROW = 28;
  const rows = [...table.tBodies[0].rows].filter((row) => row.querySelector(".track"));
  const svg = made("svg", { class: "chart", viewBox: `0 0 ${LEFT + MIDDLE + RIGHT} ${ROW * rows.length + 24}` });
  rows.forEach((row, number) => {
    const [first, drawn] = [row.cells[0], row.querySelector(".track")], y = number * ROW;
    const nested = made("svg", { x: LEFT, y, width: MIDDLE, height: ROW, class: "track" }, svg);
    nested.setAttribute("style", drawn.getAttribute("style"));
    nested.append(...[...drawn.cloneNode(true).childNodes]);
    const said = parts(row.querySelector(".drawn") ?? drawn.closest("td").nextElementSibling ?? first);
    made("text", { x: LEFT - 14, y: y + 17, class: "name", "text-anchor": "end" }, svg).textContent = parts(first).own;
    made("text", { x: LEFT + MIDDLE + 14, y: y + 17, class: "name" }, svg).textContent =
      [said.own, ...said.notes.filter((one) => one.kind === "interval").map((one) => `(${one.text})`)].join(" ");
  });
  for (const one of table.querySelectorAll(".axis i")) {
    const x = LEFT + (parseFloat(one.style.left) / 100) * MIDDLE;
    made("text", { x, y: ROW * rows.length + 14, class: "tick", "text-anchor": "middle" }, svg).textContent = one.textContent;
  }
  document.body.append(svg);  // only what is on the page has its colours
  const text = drawing(svg);
  svg.remove();
  return text;
}

function made(name, attributes, parent) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

// ---- on paper everything is shown: what is folded is opened, tables that are too wide shrink to the page's width

const PAGE = 710;  // px, of A4 within its margins (page.css)
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
  document.documentElement.classList.add("printing");
  for (const table of document.querySelectorAll("table")) {
    table.style.width = "min-content";
    const zoom = Math.min(1, PAGE / table.offsetWidth);
    table.style.width = "";
    table.style.zoom = zoom;
  }
});
window.addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
  document.documentElement.classList.remove("printing");
  for (const table of document.querySelectorAll("table")) table.style.zoom = "";
});

// ---- the buttons

function save(name, kind, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function button(row, label, title, pressed) {
  const one = document.createElement("button");
  Object.assign(one, { type: "button", textContent: label, title, onclick: pressed });
  row.append(one);
}

/** A row of buttons behind an element, and the name that its files have. */
function buttons(element, kind) {
  const row = document.createElement("div"), section = element.closest("section")?.id ?? "opening";
  const count = document.querySelectorAll(`.files[data-of="${section}-${kind}"]`).length;
  row.className = "files";
  row.dataset.of = `${section}-${kind}`;
  (element.closest(".scroll") ?? element).after(row);
  return [row, `${NAME}-${section}${count ? `-${count + 1}` : ""}`];
}

for (const table of document.querySelectorAll("table")) {
  const [row, name] = buttons(table, "table");
  for (const [label, [ending, kind, written]] of Object.entries(FORMATS)) {
    button(row, label, `Save this table as ${label}`, () => save(name + ending, kind, written(table)));
  }
  if (table.querySelector(".track")) {
    button(row, "SVG", "Save what is drawn in this table as SVG", () => save(`${name}-drawn.svg`, "image/svg+xml", forest(table)));
  }
}
for (const svg of document.querySelectorAll("svg[viewBox]")) {
  const [row, name] = buttons(svg, "plot");
  button(row, "SVG", "Save this plot as SVG", () => save(`${name}.svg`, "image/svg+xml", drawing(svg)));
}
