// All that the page shows; nothing here decides anything.

import { checklist, paintChecklist } from "./rate-checklist.js";
import { paceWords } from "./rate-clock.js";
import { byId, element, pressed } from "./rate-element.js";
import { keptSize } from "./rate-kept-size.js";
import { helpLines } from "./rate-keys.js";
import { announced, awayWords, className, covers, otherWishes, upper } from "./rate-words.js";
import { Zoom } from "./rate-zoom.js";

const SAID_FOR = 5000;

export class View {
  lost = null;
  #timer = 0;

  /** `act(name, ...)` does what a button asks for; `storage` is the browser's, or null. */
  constructor(session, act, storage) {
    this.session = session;
    this.act = act;
    this.frames = [...document.querySelectorAll(".frame")].slice(0, session.mode === "compare" ? 2 : 1);
    this.zoom = new Zoom(this.frames, () => this.#scale(), keptSize(session.study, storage));
    document.body.dataset.mode = session.mode;
    document.body.dataset.detail = session.detail;
    for (const frame of this.frames) frame.hidden = false;
    this.#verdicts();
    this.#realism();
    this.#help();
    document.title = `Rating: ${session.criteria.title}`;
  }

  /** The words of a new task; its images follow. */
  task(flow) {
    const { task, session } = flow;
    for (const frame of this.frames) frame.replaceChildren();
    const label = task.requested.label;
    byId("asking").textContent = session.mode === "compare" ? "Which is the more plausible" : "Requested";
    byId("wish").textContent = label ? upper(className(label, session)) : "No class was requested";
    byId("wishes").textContent = otherWishes(task.requested);
    byId("checklist").replaceChildren(...checklist(task, session, (answer, index) => this.act("respond", answer, index)));
    byId("panel").scrollTop = 0;
    byId("stage").setAttribute("aria-label", announced(task, session, flow.done));
    delete document.body.dataset.open;
    byId("note").value = flow.draft.note;
    this.progress(flow);
    this.draft(flow);
  }

  /** The task's images, decoded; returns when they have been painted. */
  async images(images) {
    images.forEach((image, i) => {
      image.alt = this.frames.length === 1 ? "image to be judged" : `${i ? "right" : "left"} image`;
      this.frames[i].replaceChildren(image);
    });
    this.uncover();
    this.zoom.reset();
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
  }

  /** From now on the keys count. */
  opened(task) {
    document.body.dataset.open = task.position;
    if (document.activeElement?.id !== "note") byId("stage").focus({ preventScroll: true });
    byId("spoken").textContent = byId("stage").getAttribute("aria-label");
  }

  draft(flow) {
    const { draft, session } = flow;
    document.body.classList.toggle("marking", draft.marking);
    document.body.classList.toggle("choosing", flow.choosing);
    paintChecklist(byId("checklist"), flow);
    byId("task-words").textContent = this.#taskWords(draft);
    for (const button of byId("realism").querySelectorAll("button")) {
      pressed(button, Number(button.textContent) === draft.realism);
    }
    if (flow.choosing) byId("realism").scrollIntoView({ block: "nearest" });
    for (const button of byId("verdicts").children) {
      const said = { plausible: 1, implausible: 0 }[button.dataset.act];
      const is = session.detail === "all" ? said === draft.plausible : said === 0 && draft.marking;
      if (session.mode === "rate" && said !== undefined) pressed(button, is);
      if (button.dataset.act === "save") button.hidden = !draft.marking;
    }
  }

  progress(flow) {
    const { done, session, outbox, paces } = flow;
    byId("count").textContent = `${done} of ${session.total}`;
    byId("pace").textContent = paceWords(paces, session.total - done);
    Object.assign(byId("bar"), { max: Math.max(session.total, 1), value: done });
    byId("bar").setAttribute("aria-valuetext", `${done} of ${session.total} judged`);
    if (this.lost) this.away(this.lost, flow);
    document.body.dataset.waiting = outbox.answers;
  }

  /** The line about a lost connection; null takes it away. */
  away(error, flow) {
    const back = !error && this.lost;
    this.lost = error;
    const words = error ? awayWords(flow.outbox.answers, error, flow.outbox.kept) : "";
    Object.assign(byId("lost"), { hidden: !error, textContent: words });
    if (back) this.say("Connected again.", "good");
  }

  /** A short message that goes by itself. */
  say(words, look = "") {
    clearTimeout(this.#timer);
    const line = byId("notice");
    Object.assign(line, { textContent: words, className: look, hidden: false });
    this.#timer = setTimeout(() => {
      line.hidden = true;
    }, SAID_FOR);
  }

  /** Put a full-height message before the images. */
  cover(name, flow, error = null) {
    if (document.body.dataset.screen === name) return;
    const { title, text, go } = covers[name]({ session: this.session, waiting: flow?.outbox.answers, error });
    document.body.dataset.screen = name;
    byId("desk").hidden = true;
    byId("cover").hidden = false;
    byId("cover-eyebrow").textContent = `${upper(this.session.criteria.title)} · ${this.session.rater}`;
    byId("cover-title").textContent = title;
    const paragraphs = text.filter(Boolean).map((words) => element("p", {}, withKeys(words)));
    byId("cover-text").replaceChildren(...paragraphs);
    Object.assign(byId("cover-go"), { hidden: !go, textContent: go ?? "" });
    byId("cover-undo").hidden = name !== "done" || !this.session.done;
    byId(go ? "cover-go" : "cover-title").focus();
  }

  uncover() {
    document.body.dataset.screen = "rate";
    byId("cover").hidden = true;
    byId("desk").hidden = false;
    this.zoom.layout();
  }

  #taskWords(draft) {
    if (this.session.mode === "compare" || this.session.detail === "verdict") return "What to look at";
    if (this.session.detail === "all") return "Is each of these right?";
    if (!draft.marking) return "Plausible means: all of these are right";
    return Object.keys(draft.answers).length ? "What is not marked counts as right" : "Mark what is wrong, or just save";
  }

  #scale() {
    const { size, scale } = this.zoom;
    const factor = scale >= 2 ? scale.toFixed(0) : scale.toFixed(2).replace(/\.?0+$/, "");
    const uneven = scale < 2 && scale !== 1;
    const words = [`${size[0]} × ${size[1]} pixels`, ` shown ${factor}×${uneven ? ", smoothed" : ""}`];
    byId("scale").replaceChildren(...words.map((each) => element("span", { textContent: each })));
    document.body.classList.toggle("uneven", uneven || this.zoom.zoomed);
  }

  #verdicts() {
    const choices = this.session.mode === "compare"
      ? [["left", "←", "Left", "Upper"], ["equal", "=", "Equal"], ["right", "→", "Right", "Lower"]]
      : [["plausible", "1", "Plausible"], ["implausible", "0", "Implausible"], ["save", "enter", "Save"]];
    const buttons = choices.map(([name, key, words, stacked]) => {
      const button = element("button", { type: "button", className: name }, [
        element("kbd", { textContent: key, "aria-hidden": "true" }),
        element("span", { textContent: words, className: stacked ? "beside" : "" }),
        stacked ? element("span", { textContent: stacked, className: "stacked" }) : null,
      ]);
      button.dataset.act = name;
      button.addEventListener("click", () => this.act(name));
      return button;
    });
    byId("verdicts").replaceChildren(...buttons);
  }

  #realism() {
    const { realism } = this.session.criteria;
    for (const id of ["realism", "note", "note-label"]) byId(id).hidden = this.session.mode === "compare";
    byId("realism").querySelector("legend").replaceChildren(`${realism.text} `, element("kbd", { textContent: "r" }));
    byId("lowest").textContent = `1 ${realism.lowest}`;
    byId("highest").textContent = `5 ${realism.highest}`;
    const steps = [1, 2, 3, 4, 5].map((value) => {
      const name = { 1: `1, ${realism.lowest}`, 5: `5, ${realism.highest}` }[value] ?? String(value);
      const button = element("button", { type: "button", textContent: String(value), "aria-label": name });
      button.addEventListener("click", () => this.act("realism", value));
      return button;
    });
    byId("realism").querySelector(".steps").replaceChildren(...steps);
  }

  #help() {
    const rows = helpLines(this.session).map(([keys, words]) => element("div", {}, [
      element("dt", {}, keys.map((key) => element("kbd", { textContent: key }))), element("dd", { textContent: words }),
    ]));
    byId("help-keys").replaceChildren(...rows);
    const asked = this.session.criteria.questions.filter(({ needs }) => !needs || this.session.shown.includes(needs));
    const questions = asked.map((each) => element("li", { textContent: each.text }));
    byId("help-questions").replaceChildren(...questions);
    byId("help-words").textContent = `Criteria: ${this.session.criteria.name}, version ${this.session.criteria.version}.`;
  }
}

// Words in square brackets are keys: "[1] says yes".
function withKeys(words) {
  return words.split(/\[(.+?)\]/).map((part, i) => (i % 2 ? element("kbd", { textContent: part }) : part));
}
