// Tabs, sorting, search and the theme; without this script all of the page is there, one part below the other.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Theme: a sandboxed frame has no storage, so remembering is a courtesy, not a need.
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* not allowed here */ } };
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const button = document.getElementById("theme");
  const themes = ["auto", "light", "dark"];
  const wear = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  let theme = themes.includes(remembered()) ? remembered() : "auto";
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    wear(theme);
    remember(theme);
  });
  wear(theme);

  // Tabs, after the pattern of the ARIA Authoring Practices: arrows move, the open one is in the tab order.
  const list = document.querySelector(".tabs");
  const tabs = list ? all("a", list) : [];
  const panelOf = (tab) => document.getElementById(tab.hash.slice(1));
  const open = (chosen) => tabs.forEach((tab) => {
    const selected = tab === chosen;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    panelOf(tab).hidden = !selected;
  });
  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const tab = target && tabs.find((candidate) => panelOf(candidate).contains(target));
    if (!tab) return;
    open(tab);
    if (target !== panelOf(tab)) target.scrollIntoView();
  };
  if (tabs.length) {
    list.setAttribute("role", "tablist");
    tabs.forEach((tab, position) => {
      tab.setAttribute("role", "tab");
      tab.id = `tab-${tab.hash.slice(1)}`;
      tab.setAttribute("aria-controls", tab.hash.slice(1));
      panelOf(tab).setAttribute("role", "tabpanel");
      panelOf(tab).setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        open(tab);
        try { history.replaceState(null, "", tab.hash); } catch { /* a frame without an address */ }
      });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const next = { Home: tabs[0], End: tabs.at(-1) }[event.key] ?? (step && tabs.at((position + step) % tabs.length));
        if (!next) return;
        event.preventDefault();
        open(next);
        next.focus();
      });
    });
    open(tabs[0]);
    follow();
    addEventListener("hashchange", follow);
  }

  // Sorting: by the exact value of a cell's first number, or by its text; cells without one stay last.
  // A cell may span columns, as the reason of a failed trial does.
  const cellAt = (row, column) => {
    let end = 0;
    return [...row.cells].find((cell) => (end += cell.colSpan) > column);
  };
  const keyOf = (row, column, kind) => {
    const cell = cellAt(row, column);
    if (kind === "text") return cell.textContent.trim().toLowerCase();
    const value = cell.querySelector(".line")?.querySelector("data") ?? cell.querySelector("data");
    return value ? Number(value.value) : null;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  };
  all("table.sortable").forEach((table) => all("th[data-sort]", table).forEach((heading) => {
    const label = document.createElement("button");
    label.type = "button";
    label.append(...heading.childNodes);
    heading.append(label);
    label.addEventListener("click", () => {
      const kind = heading.dataset.sort;
      const before = heading.getAttribute("aria-sort");
      const first = kind === "text" ? "ascending" : "descending";
      const second = kind === "text" ? "descending" : "ascending";
      const direction = before === first ? second : first;
      all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction);
      const body = table.tBodies[0];
      const keyed = [...body.rows].map((row) => [keyOf(row, heading.cellIndex, kind), row]);
      keyed.sort(([a], [b]) => compare(a, b, direction === "ascending" ? 1 : -1));
      body.append(...keyed.map(([, row]) => row));
    });
  }));

  all(".search").forEach((form) => {
    const input = form.querySelector("input");
    const rows = [...document.getElementById(input.dataset.for).tBodies[0].rows];
    form.hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      // The row's heading and, where there is one, its role; drawings have words of their own.
      const text = (row) => [...row.cells].filter((cell) => !cell.querySelector("svg")).map((cell) => cell.textContent).join(" ");
      rows.forEach((row) => { row.hidden = !text(row).toLowerCase().includes(wanted); });
      const shown = rows.filter((row) => !row.hidden).length;
      form.querySelector("output").textContent = wanted ? `${shown} of ${rows.length}` : "";
    });
  });

  // Long lists start closed; on paper everything is open.
  all("details[data-long]").forEach((details) => { details.open = false; });
  addEventListener("beforeprint", () => all("details").forEach((details) => { details.open = true; }));
})();
