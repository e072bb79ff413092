"use strict";
(() => {
  const value = (cell) => {
    const raw = cell.dataset.sort;
    if (raw === undefined || raw === "") return null;
    const number = Number(raw);
    return Number.isNaN(number) ? raw : number;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  const sortBy = (table, column, header) => {
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const rows = Array.from(table.tBodies[0].rows);
    rows.sort((a, b) => compare(value(a.cells[column]), value(b.cells[column]), sign));
    table.tBodies[0].append(...rows);
  };
  for (const table of document.querySelectorAll("table.board")) {
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      while (header.firstChild) button.append(header.firstChild);
      header.append(button);
      button.addEventListener("click", () => sortBy(table, column, header));
    });
  }
  const tools = document.querySelector(".tools");
  const input = tools && tools.querySelector("input");
  const count = tools && tools.querySelector("output");
  if (!input) return;
  tools.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll("table.board tbody tr")) {
      row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = wanted ? `${shown} shown` : "";
  });
})();
