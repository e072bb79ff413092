// The rating page: starts a session and hands keys and buttons to it.

import { Api, Refused } from "./rate-api.js";
import { byId } from "./rate-element.js";
import { Flow } from "./rate-flow.js";
import { meaning } from "./rate-keys.js";
import { View } from "./rate-view.js";
import { covers } from "./rate-words.js";

const RETRY = 2000;
const PAN_BY = 40;

async function begin() {
  const api = new Api(decodeURIComponent(location.pathname.split("/").at(-1)));
  showTheme(stored("synmedbench/theme"));
  const session = await untilAnswered(() => api.get("/api/session"));
  if (!session) return;
  const doings = {};
  const view = new View(session, (name, ...rest) => doings[name](...rest), storage());
  const flow = new Flow(api, session, storage(), view);
  Object.assign(doings, actions(flow, view));
  listen(flow, doings);
  await flow.start();
}

/** What every key and button does, by name. */
function actions(flow, view) {
  const help = byId("help");
  return {
    plausible: () => flow.verdict(1),
    implausible: () => flow.verdict(0),
    left: () => flow.choose("left"),
    right: () => flow.choose("right"),
    equal: () => flow.choose("equal"),
    save: () => flow.save(),
    mark: (key) => flow.respond("no", Number(key) - 1),
    down: () => flow.move(1),
    up: () => flow.move(-1),
    yes: () => flow.respond("yes"),
    no: () => flow.respond("no"),
    "cannot tell": () => flow.respond("cannot tell"),
    respond: (answer, index) => flow.respond(answer, index),
    rest: () => flow.rest(),
    undo: () => flow.undo(),
    realism: (value) => flow.realism(Number(value)),
    choose: () => flow.chooseRealism(true),
    leave: () => flow.leave(),
    note: () => byId("note").focus(),
    closer: () => view.zoom.step(1),
    farther: () => view.zoom.step(-1),
    zoom: () => view.zoom.toggle(),
    pan: (by) => view.zoom.pan(by[0] * PAN_BY, by[1] * PAN_BY),
    theme: toggleTheme,
    help: () => {
      if (!help.open) help.showModal();
      flow.clock.hinder("help", true);
    },
  };
}

function listen(flow, doings) {
  const rating = () => document.body.dataset.screen === "rate";
  document.addEventListener("keydown", (event) => {
    if (byId("help").open) return closeOn(event);
    if (event.target.matches("textarea")) return typed(event);
    const said = meaning(event, flow.now);
    if (!said || event.repeat && !["down", "up", "closer", "farther", "pan"].includes(said.does)) return null;
    const anywhere = ["theme", "help", "undo"].includes(said.does);
    const pressed = ["Enter", " "].includes(event.key) && event.target.matches("button");
    if (pressed || !(rating() || anywhere)) return null;
    event.preventDefault();
    if (flow.choosing && said.does !== "realism") flow.chooseRealism(false);
    return doings[said.does](said.by ?? said.key);
  });
  for (const [id, name] of Object.entries({
    undo: "undo", "cover-undo": "undo", theme: "theme", "help-button": "help", closer: "closer", farther: "farther",
  })) byId(id).addEventListener("click", () => doings[name]());
  byId("cover-go").addEventListener("click", () => flow.begin());
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("help").addEventListener("close", () => flow.clock.hinder("help", false));
  byId("note").addEventListener("input", (event) => flow.note(event.target.value));
  // After a click Enter and space are the page's again, not the button's.
  byId("desk").addEventListener("click", (event) => {
    if (event.detail && event.target.closest("button")) byId("stage").focus({ preventScroll: true });
  });
  attend(flow);
}

// Time counts while the page is in sight; a page that comes back, or comes online, tries at once.
function attend(flow) {
  const seen = () => {
    flow.clock.hinder("hidden", document.hidden);
    if (document.hidden) flow.remember();
    else flow.wake();
  };
  document.addEventListener("visibilitychange", seen);
  flow.clock.hinder("hidden", document.hidden);
  window.addEventListener("online", () => flow.wake());
  window.addEventListener("pagehide", () => flow.remember());
  window.addEventListener("beforeunload", (event) => {
    if (!flow.outbox.kept) event.preventDefault();
  });
}

// In the note every key is text but those that leave it.
function typed(event) {
  if (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey || event.isComposing)) return;
  event.preventDefault();
  byId("stage").focus({ preventScroll: true });
}

function closeOn(event) {
  if (event.key !== "?") return;
  event.preventDefault();
  byId("help").close();
}

/** The reply, however long the server stays away; null when it refuses the link. */
async function untilAnswered(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { title, text } = covers[error instanceof Refused ? "gone" : "wait"]({ error });
      byId("cover-title").textContent = error instanceof Refused ? title : "No connection";
      byId("cover-text").textContent = text.filter(Boolean).at(error instanceof Refused ? 0 : -1);
      if (error instanceof Refused) return null;
      await new Promise((later) => setTimeout(later, RETRY));
    }
  }
}

// A fault of the page itself: better said than silent, and nothing answered is lost by it.
function tell(error) {
  if (!error) return;
  const words = `The page has a fault (${error.message ?? error}). Load it again: what you answered is kept.`;
  Object.assign(byId("lost"), { hidden: false, textContent: words });
}

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function toggleTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  showTheme(now === "dark" ? "light" : "dark");
  try {
    localStorage.setItem("synmedbench/theme", document.documentElement.dataset.theme);
  } catch {
    // Then the choice holds for this page alone.
  }
}

window.addEventListener("error", (event) => tell(event.error));
window.addEventListener("unhandledrejection", (event) => tell(event.reason));
begin();
