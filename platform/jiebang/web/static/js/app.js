/* Improves pages that already work without it. Everything hangs on data-attributes:
   data-limit/-count-for, data-grow, data-enter-submits, data-slash, data-reveal, data-rows,
   data-autosave, data-meter, data-flash, data-menu, data-copy, data-focus-on-load. */
(() => {
  "use strict";

  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  /* As the server counts: code points, a line break is one. */
  const lengthOf = (text) => Array.from(text.replace(/\r\n/g, "\n")).length;
  const timeNow = () =>
    new Intl.DateTimeFormat("zh-CN", {
      hour: "2-digit",
      minute: "2-digit",
      hour12: false,
      timeZone: "Asia/Shanghai",
    }).format(new Date());

  /* Character counters ------------------------------------------------ */

  function count(input) {
    const counter = document.querySelector(`[data-count-for="${CSS.escape(input.id)}"]`);
    if (!counter) return;
    const limit = Number(input.dataset.limit);
    const used = lengthOf(input.value);
    const left = limit - used;
    counter.classList.toggle("field__count--over", left < 0);
    if (left < 0) counter.textContent = `超出 ${-left} 字，最多 ${limit} 字`;
    else counter.textContent = used ? `已写 ${used} 字，还可写 ${left} 字` : `最多 ${limit} 字`;
    if (counter.dataset.countQuiet === "true") counter.hidden = used < limit * 0.75;
  }

  /* Text areas grow with their text (where CSS field-sizing does not do it). */
  function grow(area) {
    if (CSS.supports("field-sizing", "content") && area.classList.contains("ask__input")) return;
    area.style.height = "auto";
    const border = area.offsetHeight - area.clientHeight;
    area.style.height = `${area.scrollHeight + border}px`;
  }

  function prepare(root) {
    all("[data-limit]", root).forEach(count);
    all("textarea[data-grow]", root).forEach(grow);
  }

  document.addEventListener("input", (event) => {
    const target = event.target;
    if (target.dataset.limit) count(target);
    if (target.matches("textarea[data-grow]")) grow(target);
  });

  /* Password fields ---------------------------------------------------- */

  all("[data-reveal]").forEach((button) => {
    const input = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      button.textContent = show ? "隐藏" : "显示";
      button.setAttribute("aria-pressed", String(show));
    });
    if (input.form) input.form.addEventListener("submit", () => { input.type = "password"; });
  });

  /* Flash messages ----------------------------------------------------- */

  all("[data-dismiss]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => button.closest("[data-flash]").remove());
  });

  /* Menus: close on Escape and on a click elsewhere -------------------- */

  const menus = all("details[data-menu]");
  document.addEventListener("click", (event) => {
    menus.forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menus.filter((menu) => menu.open).forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  /* "/" goes to the search box; Enter asks, Shift+Enter breaks the line - */

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (event.key === "/" && !target.closest("input, textarea, select, [contenteditable]")) {
      const box = document.querySelector("[data-slash], input[type=search]");
      if (box) {
        event.preventDefault();
        box.focus();
      }
    }
    if (event.key === "Enter" && !event.shiftKey && target.matches("[data-enter-submits]")) {
      event.preventDefault();
      target.form.requestSubmit();
    }
  });

  /* Editable rows ------------------------------------------------------ */

  function renumber(box) {
    const name = box.dataset.rows;
    const pattern = new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}-\\d+`);
    all("[data-row]", box).forEach((row, index) => {
      const renamed = (text) => text.replace(pattern, `${name}-${index}`);
      all("[id], [name], [for], [aria-describedby], button[name=remove_row]", row).forEach((el) => {
        if (el.id) el.id = renamed(el.id);
        if (el.name && el.name !== "remove_row") el.name = renamed(el.name);
        if (el.htmlFor) el.htmlFor = renamed(el.htmlFor);
        if (el.name === "remove_row") el.value = renamed(el.value);
        const described = el.getAttribute("aria-describedby");
        if (described) el.setAttribute("aria-describedby", described.split(" ").map(renamed).join(" "));
      });
      all("[data-row-number]", row).forEach((el) => { el.textContent = String(index + 1); });
    });
    const most = Number(box.dataset.rowsMax || 0);
    const add = box.querySelector("button[name=add_row]");
    if (add) add.hidden = Boolean(most) && all("[data-row]", box).length >= most;
  }

  function clear(row) {
    all("input, textarea, select", row).forEach((el) => {
      if (el.type === "checkbox" || el.type === "radio") el.checked = false;
      else if (el.tagName === "SELECT") el.selectedIndex = 0;
      else el.value = "";
      el.removeAttribute("aria-invalid");
      el.removeAttribute("aria-describedby");
    });
    all(".field__error", row).forEach((el) => el.remove());
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=add_row], button[name=remove_row]");
    const box = button && button.closest("[data-rows]");
    if (!box) return;
    const rows = all("[data-row]", box);
    if (!rows.length) return; /* the server makes the first row */
    event.preventDefault();
    if (button.name === "add_row") {
      const row = rows[rows.length - 1].cloneNode(true);
      clear(row);
      rows[rows.length - 1].after(row);
      renumber(box);
      prepare(row);
      row.querySelector("input:not([type=hidden]), textarea, select").focus();
    } else {
      const row = button.closest("[data-row]");
      const next = row.nextElementSibling || row.previousElementSibling;
      if (rows.length === 1) clear(row);
      else row.remove();
      renumber(box);
      const field = (next || row).querySelector("input:not([type=hidden]), textarea, select");
      if (field) field.focus();
    }
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  all("[data-rows]").forEach(renumber);

  /* Completeness meter -------------------------------------------------- */

  function filled(form, name) {
    return all("input, textarea, select", form).some((el) => {
      if (el.name !== name && !el.name.startsWith(`${name}-`)) return false;
      if (el.type === "hidden" || el.type === "submit") return false;
      if (el.type === "checkbox" || el.type === "radio") return el.checked;
      if (el.tagName === "SELECT" && el.name !== name) return false; /* a default in a row */
      return el.value.trim() !== "";
    });
  }

  function showMeter(meter, done, total) {
    meter.querySelector("[data-meter-done]").textContent = String(done);
    meter.querySelector("[data-meter-total]").textContent = String(total);
    const bar = meter.querySelector("[data-meter-bar]");
    bar.max = total || 1;
    bar.value = done;
    const open = all("[data-meter-list] > li", meter).some((li) => !li.hidden);
    meter.querySelector("[data-meter-missing]").hidden = !open;
    meter.querySelector("[data-meter-complete]").hidden = open;
  }

  /* Between two answers of the server: what was missing and is now written counts as done. */
  function refreshMeters(form) {
    all("[data-meter]").forEach((meter) => {
      let extra = 0;
      all("[data-meter-field]", meter).forEach((li) => {
        li.hidden = filled(form, li.dataset.meterField);
        if (li.hidden) extra += 1;
      });
      showMeter(meter, Number(meter.dataset.done) + extra, Number(meter.dataset.total));
    });
  }

  /* The server's own word: {done, total, missing: [text | {label, field, url}]} */
  function replaceMeters(state) {
    all("[data-meter]").forEach((meter) => {
      meter.dataset.done = String(state.done);
      meter.dataset.total = String(state.total);
      const list = meter.querySelector("[data-meter-list]");
      list.replaceChildren(...state.missing.map((item) => {
        const li = document.createElement("li");
        const label = typeof item === "string" ? item : item.label;
        if (item.field) li.dataset.meterField = item.field;
        if (item.url) {
          const link = document.createElement("a");
          link.href = item.url;
          link.textContent = label;
          li.append(link);
        } else {
          li.textContent = label;
        }
        return li;
      }));
      showMeter(meter, state.done, state.total);
    });
  }

  if (document.querySelector("[data-meter]")) {
    all("form[data-meter-form], form[data-autosave]").forEach((form) => {
      form.addEventListener("input", () => refreshMeters(form));
      form.addEventListener("change", () => refreshMeters(form));
    });
  }

  /* Autosave: <form data-autosave="URL"> --------------------------------
     POSTs the form (without files) two seconds after the last key. The answer may be empty or JSON
     {"version": n, "completeness": {done, total, missing}}; `version` goes into input[name=version]. */

  all("form[data-autosave]").forEach((form) => {
    const status = form.querySelector("[data-autosave-status]");
    let timer = 0;
    let busy = false;
    let again = false;
    let leaving = false;
    let done = () => {}; /* what waits for the answer that is on its way */

    const say = (text, bad = false) => {
      if (!status) return;
      status.textContent = text;
      status.classList.toggle("submit-bar__status--bad", bad);
    };

    async function save() {
      if (leaving) return;
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const body = new FormData(form);
      for (const [name, value] of Array.from(body.entries())) {
        if (value instanceof File) body.delete(name);
      }
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST",
          body,
          headers: { Accept: "application/json", "X-Requested-With": "autosave" },
          credentials: "same-origin",
          redirect: "manual",
        });
        if (!answer.ok) throw new Error(String(answer.status || "redirect"));
        const type = answer.headers.get("Content-Type") || "";
        const data = type.includes("json") ? await answer.json() : {};
        if (data.version !== undefined && form.elements.version) form.elements.version.value = data.version;
        if (data.completeness) replaceMeters(data.completeness);
        say(`已自动保存 ${timeNow()}`);
      } catch {
        say("未能自动保存，请点按钮保存", true);
      }
      busy = false;
      done();
      if (again) {
        again = false;
        timer = setTimeout(save, 2000);
      }
    }

    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(save, 2000);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    form.addEventListener("submit", (event) => {
      const waiting = leaving && busy;
      leaving = true;
      clearTimeout(timer);
      if (!busy) return;
      /* The answer on its way has the version that this form must be sent with: sent now, it would
         be told that somebody else has changed the text. */
      event.preventDefault();
      if (waiting) return;
      say("正在保存，请稍候…");
      const button = event.submitter;
      let late = 0;
      done = () => {
        done = () => {};
        clearTimeout(late);
        busy = false;
        form.requestSubmit(button);
      };
      late = setTimeout(() => done(), 5000);
    });
    window.addEventListener("pageshow", (event) => {
      leaving = false;
      if (event.persisted) say(""); /* what was said when the page was left */
    });
  });

  /* Copying a field's text ----------------------------------------------- */

  all("[data-copy]").forEach((button) => {
    const field = document.getElementById(button.dataset.copy);
    const said = button.parentElement.querySelector("[data-copied]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        said.textContent = "已复制，到微信里粘贴";
      } catch {
        field.focus();
        field.select();
        said.textContent = "已选中，请按复制";
      }
    });
  });

  /* Arriving on the page ------------------------------------------------ */

  const summary = document.querySelector("[data-focus-on-load]");
  if (summary) summary.focus();
  prepare(document);
})();
