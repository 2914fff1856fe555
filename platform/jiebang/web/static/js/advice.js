/* While somebody types, asks the server what the description still leaves open, and draws its
   answer into the panel that is already on the page. Without it the panel is as of the last save. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-advised]");
  const panel = document.querySelector("[data-advice-url]");
  if (!form || !panel) return;
  const SVG = "http://www.w3.org/2000/svg";

  function make(tag, text, className) {
    const el = document.createElement(tag);
    if (className) el.className = className;
    if (text !== undefined) el.textContent = text;
    return el;
  }

  function link(text, url) {
    const el = make("a", text);
    el.href = url;
    return el;
  }

  function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `${panel.dataset.adviceIcons}#${name}`);
    svg.append(use);
    return svg;
  }

  function point(item) {
    const li = make("li", undefined, `advice__point advice__point--${item.mark}`);
    const words = make("span");
    words.append(make("span", `${item.state}：`, "visually-hidden"));
    words.append(item.url ? link(item.label, item.url) : make("strong", item.label));
    words.append(make("span", item.says, "advice__says"));
    li.append(icon(item.icon), words);
    return li;
  }

  function part(selector, items, draw) {
    const box = panel.querySelector(selector);
    box.hidden = !items.length;
    box.querySelector("ul").replaceChildren(...items.map(draw));
  }

  function show(found) {
    if (found.total) {
      panel.querySelector("[data-advice-done]").textContent = String(found.done);
      panel.querySelector("[data-advice-total]").textContent = String(found.total);
      const said = found.points.filter((item) => item.mark === "found");
      const open = found.points.filter((item) => item.mark !== "found");
      panel.querySelector("[data-advice-points]").replaceChildren(...open.map(point));
      panel.querySelector("[data-advice-found]").replaceChildren(...said.map(point));
      panel.querySelector("[data-advice-said]").hidden = !said.length;
    }
    part("[data-advice-examples]", found.examples, (item) => {
      const li = make("li");
      li.append(make("span", item.label, "advice__label"), make("q", item.phrase), link(item.title, item.url));
      return li;
    });
    part("[data-advice-alike]", found.alike, (item) => {
      const li = make("li");
      li.append(link(item.title, item.url));
      li.append(make("span", item.note + (item.same ? " · 几乎一样" : ""), "advice__label"));
      return li;
    });
  }

  let timer = 0;
  let asked = 0;

  async function ask() {
    const number = ++asked;
    const body = new FormData(form);
    for (const [name, value] of Array.from(body.entries())) {
      if (value instanceof File) body.delete(name);
    }
    try {
      const answer = await fetch(panel.dataset.adviceUrl, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "manual",
      });
      if (!answer.ok || number !== asked) return; /* an older answer than what is typed by now */
      show((await answer.json()).advice);
    } catch {
      /* the panel stays as it was; saving tells of a lost connection */
    }
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 900);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asked += 1;
  });
})();
