"use strict";
// The admin's page: asks for the state every few seconds and shows it; every change is one call.

const token = location.pathname.split("/")[2] || "";
const EVERY = 5000;
const by = (id) => document.getElementById(id);
let paused = false;
let links = {};

async function call(path, body) {
  const options = { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(path, options);
  if (!reply.ok) {
    const told = await reply.json().catch(() => ({}));
    throw Object.assign(new Error(told.error || `the server answered ${reply.status}`), { status: reply.status });
  }
  return reply;
}

function made(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const percent = (share) => `${Math.round(100 * share)}%`;
const seconds = (value) => (value === null ? "–" : value.toFixed(value < 10 ? 1 : 0));

function ago(time) {
  if (!time) return "none yet";
  const past = (Date.now() - Date.parse(time)) / 1000;
  if (past < 60) return "just now";
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  if (past < 86400) return `${Math.floor(past / 3600)} h ago`;
  return new Date(time).toLocaleDateString();
}

function tell(id, text, bad = false) {
  by(id).textContent = text;
  by(id).classList.toggle("bad", bad);
}

function button(text, label, work) {
  const made_ = made("button", text, { type: "button", "aria-label": label });
  made_.addEventListener("click", async () => {
    made_.disabled = true;
    try { await work(); } catch (error) { tell("told", error.message, true); }
    made_.disabled = false;
  });
  return made_;
}

async function copy(rater) {
  const link = links[rater];
  try {
    await navigator.clipboard.writeText(link);
    tell("told", `The link of ${rater} is in the clipboard.`);
  } catch {
    tell("told", `The link of ${rater}: ${link}`);  // no clipboard without TLS
  }
}

async function change(rater, action) {
  const said = {
    renew: `Give ${rater} a new link? The old one stops working.`,
    revoke: `Take the link of ${rater} back? The answers are kept; a new link can be given later.`,
  }[action];
  if (said && !confirm(said)) return;
  const { link } = await (await call("/api/admin/raters", { rater, action })).json();
  if (link) { links[rater] = link; await copy(rater); } else tell("told", `${rater} has no working link now.`);
  await refresh();
}

function raterRow(rater) {
  const row = made("tr", null, { "data-rater": rater.rater });
  row.append(made("th", rater.rater, { scope: "row" }));
  const progress = made("td");
  progress.append(
    made("progress", null, { max: Math.max(rater.total, 1), value: rater.done, "aria-label": `Progress of ${rater.rater}` }),
    made("span", `${rater.done} of ${rater.total}`, { class: "small" }),
  );
  const repeats = rater.repeats ? `${rater.repeats_equal} of ${rater.repeats}` : "–";
  const link = made("td", null, { class: "links" });
  if (rater.link) {
    link.append(button("Copy", `Copy the link of ${rater.rater}`, () => copy(rater.rater)));
  }
  link.append(button("Renew", `Renew the link of ${rater.rater}`, () => change(rater.rater, "renew")));
  if (rater.link) {
    link.append(button("Revoke", `Revoke the link of ${rater.rater}`, () => change(rater.rater, "revoke")));
  }
  const until = new Date(rater.expires).toLocaleDateString();
  const holds = { revoked: "taken back", expired: `ran out ${until}`, valid: `until ${until}` }[rater.holds];
  link.append(made("span", holds, { class: "small" }));
  row.append(
    progress,
    made("td", seconds(rater.seconds), { class: "number", "data-label": "Seconds an image" }),
    made("td", repeats, { class: "number", "data-label": "Repeats equal" }),
    made("td", ago(rater.last_seen), { "data-label": "Last answer" }),
    link,
  );
  return row;
}

function drawn(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function shareRow(share) {
  const kind = share.name === "real" ? "real" : "synthetic";
  const value = share.share === null
    ? share.reason || "no verdicts yet"
    : `${percent(share.share)} [${percent(share.lo)}, ${percent(share.hi)}], ${share.n} verdicts`;
  const picture = drawn("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const at of [0, 50, 100]) {
    picture.append(drawn("line", { class: "axis", x1: at, x2: at, y1: 0, y2: 10, "vector-effect": "non-scaling-stroke" }));
  }
  picture.append(drawn("line", { class: "axis", x1: 0, x2: 100, y1: 5, y2: 5, "vector-effect": "non-scaling-stroke" }));
  if (share.share !== null) {
    picture.append(
      drawn("line", { class: `interval ${kind}`, x1: 100 * share.lo, x2: 100 * share.hi, y1: 5, y2: 5, "vector-effect": "non-scaling-stroke" }),
      drawn("line", { class: `interval ${kind}`, x1: 100 * share.share, x2: 100 * share.share, y1: 1, y2: 9, "vector-effect": "non-scaling-stroke" }),
    );
  }
  const row = made("div", null, { class: "share" });
  row.append(made("span", share.name, { class: "name" }), picture, made("span", value, { class: "value" }));
  return row;
}

function pairRow(pair) {
  const row = made("tr");
  const kappa = pair.kappa === null ? pair.reason : `${pair.kappa.toFixed(2)} [${pair.lo.toFixed(2)}, ${pair.hi.toFixed(2)}]`;
  row.append(
    made("th", pair.raters, { scope: "row" }),
    made("td", pair.n, { class: "number", "data-label": "Images" }),
    made("td", pair.agree === null ? "–" : percent(pair.agree), { class: "number", "data-label": "Equal" }),
    made("td", kappa, { class: "number", "data-label": "Kappa" }),
  );
  return row;
}

function show(state) {
  paused = state.paused;
  document.title = `${state.study}: admin`;
  by("title").textContent = state.study;
  by("about").textContent = state.about;
  by("state").textContent = paused ? "paused" : "running";
  by("state").className = `pill ${paused ? "paused" : "running"}`;
  by("pause").textContent = paused ? "Resume" : "Pause";
  by("pause").hidden = false;
  by("done").textContent = state.done;
  by("total").textContent = state.total;
  by("pace").textContent = state.seconds === null ? "" : `· median ${seconds(state.seconds)} s an image`;
  by("bar").max = Math.max(state.total, 1);
  by("bar").value = state.done;
  links = Object.fromEntries(state.raters.map((rater) => [rater.rater, rater.link]));
  replaceRows(by("raters").tBodies[0], state.raters.map(raterRow));
  by("shares").replaceChildren(...state.shares.map(shareRow));
  by("no-shares").hidden = Boolean(state.shares.length);
  by("share-words").hidden = !state.shares.length;
  const [head, ...lines] = state.agreement;
  by("agreement-words").textContent = head || "Nothing yet: no image was judged twice.";
  fillList("agreement", lines);
  by("pairs").tBodies[0].replaceChildren(...state.pairs.map(pairRow));
  by("pairs").hidden = !state.pairs.length;
  fillList("plan", state.plan.length ? state.plan : ["Nothing yet: there are no verdicts."]);
  by("warning").hidden = !state.trouble;
  by("warning").textContent = state.trouble;
}

function fillList(id, lines) {
  by(id).replaceChildren(...lines.map((line) => made("li", line)));
}

function replaceRows(body, rows) {
  // A rebuilt row would take the keyboard's place from under the reader.
  const held = document.activeElement;
  const label = body.contains(held) ? held.getAttribute("aria-label") : null;
  body.replaceChildren(...rows);
  if (label) [...body.querySelectorAll("button")].find((each) => each.getAttribute("aria-label") === label)?.focus();
}

async function refresh() {
  try {
    show(await (await call("/api/admin/state")).json());
    by("fresh").textContent = `Read at ${new Date().toLocaleTimeString()}.`;
  } catch (error) {
    by("warning").hidden = false;
    by("warning").textContent = error.status
      ? `The state cannot be read: ${error.message}`
      : "No connection to the server; what is shown may be old.";
  }
}

by("pause").addEventListener("click", async () => {
  by("pause").disabled = true;
  try { await call("/api/admin/pause", { paused: !paused }); } catch (error) { tell("told", error.message, true); }
  by("pause").disabled = false;
  await refresh();
});

by("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const rater = by("name").value.trim();
  if (!rater) return;
  try {
    await change(rater, "add");
    by("name").value = "";
  } catch (error) { tell("told", error.message, true); }
});

by("export").addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("exported", "Preparing the file …");
  try {
    const reply = await call(`/api/admin/export?form=${by("form").value}&format=${by("format").value}`);
    const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition") || "");
    const address = URL.createObjectURL(await reply.blob());
    const anchor = made("a", null, { href: address, download: name ? name[1] : "export" });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell("exported", `${reply.headers.get("X-Rows")} rows: ${anchor.download}`);
  } catch (error) { tell("exported", error.message, true); }
});

async function watch() {
  if (document.visibilityState === "visible") await refresh();
  setTimeout(watch, EVERY);
}
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
watch();
