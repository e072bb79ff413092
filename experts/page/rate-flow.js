// The course of a session: which image comes next, what was answered, what is taken back, and what waits to be sent.

import { Refused } from "./rate-api.js";
import { Clock } from "./rate-clock.js";
import { answerOf, choiceOf, draftOf, emptyDraft, newEvent, openQuestions } from "./rate-draft.js";
import { KeptDraft } from "./rate-kept-draft.js";
import { Outbox } from "./rate-outbox.js";
import { Pictures } from "./rate-pictures.js";
import { Sender } from "./rate-sender.js";

const AHEAD = 6;
const LOW = 3;
const REMEMBERED = 3;
const POLL = 2000;
const WAITS = [1000, 2000, 4000, 8000, 15000];
// Nobody judges an image in a quarter of a second: such a key press was meant for the image before.
const BOUNCE = 250;

export class Flow {
  clock = new Clock();
  task = null;
  draft = emptyDraft();
  cursor = 0;
  moved = false;
  choosing = false;
  paces = [];
  #queue = [];
  #past = [];
  #answered = new Set();
  #open = false;
  #began = false;
  #ended = null;
  #failures = 0;
  #timer = 0;
  #refilling = null;

  /** `view` shows what happens here; `storage` is the browser's, or null. */
  constructor(api, session, storage, view) {
    this.api = api;
    this.session = session;
    this.view = view;
    this.kept = new KeptDraft(session.study, session.rater, storage);
    this.pictures = new Pictures(api);
    this.outbox = new Outbox(session.study, session.rater, storage);
    this.sender = new Sender(api, this.outbox, {
      saved: (entry, reply) => this.#progress(reply),
      refused: (entry, error) => this.#refused(entry, error),
      stopped: (error) => this.#stopped(error),
    });
    for (const entry of this.outbox.entries()) {
      if (entry.undoes) this.#answered.delete(entry.task.task);
      else this.#answered.add(entry.task.task);
    }
  }

  /** Images judged, those whose answers still wait among them. */
  get done() {
    const waiting = this.outbox.entries().reduce((sum, entry) => sum + (entry.undoes ? -1 : 1), 0);
    return Math.min(this.session.done + waiting, this.session.total);
  }

  /** What the keys' meaning depends on. */
  get now() {
    const { mode, detail } = this.session;
    return { mode, detail, marking: this.draft.marking, choosing: this.choosing };
  }

  get questions() {
    return this.task?.questions ?? [];
  }

  /** Send what an earlier visit left, fetch the first images; a rater who comes back goes straight on. */
  async start() {
    this.#began = this.session.done > 0 || this.outbox.length > 0;
    await this.wake();
  }

  begin() {
    this.#began = true;
    this.#next();
  }

  /** Send what waits, fetch what is lacking, go on where the page stands still. */
  async wake() {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    const sent = this.session.paused || (await this.sender.flush());
    if (sent && (this.session.paused || !this.task || this.#queue.length <= LOW)) await this.#refill();
    if (this.session.paused) this.#timer = setTimeout(() => this.wake(), POLL);
    else if (!this.task) this.#next();
  }

  /** 1, 0 or the key for a choice was pressed. */
  verdict(plausible) {
    if (!this.#open) return;
    const { detail } = this.session;
    if (detail === "failed" && plausible === 0) return this.mark(!this.draft.marking);
    this.draft.plausible = plausible;
    const open = openQuestions(this.draft, this.questions, detail);
    if (!open.length) return this.#answer(this.#answerNow(plausible));
    this.cursor = this.questions.indexOf(open[0]);
    this.#changed();
    this.view.say(open.length === 1 ? "One question is open." : `${open.length} questions are open.`);
  }

  choose(preferred) {
    if (this.#open) this.#answer(choiceOf(this.task, preferred, newEvent(), this.clock.seconds));
  }

  /** Enter: save what is marked, or what is answered in full. */
  save() {
    if (this.draft.marking && this.#open) this.#answer(this.#answerNow(0));
    else if (this.session.detail === "all" && this.draft.plausible !== null) this.verdict(this.draft.plausible);
  }

  /** Begin to mark what is wrong, or forget the marks. */
  mark(marking) {
    this.draft.marking = marking;
    if (!marking) this.draft.answers = {};
    this.#changed();
  }

  move(by) {
    const last = this.questions.length - 1;
    const seen = this.moved || this.draft.marking || this.session.detail === "all";
    this.cursor = Math.min(Math.max(this.cursor + (seen ? by : 0), 0), last);
    this.moved = true;
    this.view.draft(this);
  }

  /** Answer the question at the cursor, or at `index`; said twice, a mark is taken away. */
  respond(answer, index = this.cursor) {
    const id = this.questions[index];
    if (!id || this.session.detail === "verdict") return;
    const whole = this.session.detail === "all";
    const again = this.draft.answers[id] === answer;
    this.cursor = index;
    if (again || (answer === "yes" && !whole)) delete this.draft.answers[id];
    else this.draft.answers[id] = answer;
    if (!whole && answer !== "yes") this.draft.marking = true;
    if (whole && !again) this.cursor = Math.min(index + 1, this.questions.length - 1);
    this.#changed();
  }

  /** Yes to every question that is open. */
  rest() {
    for (const id of openQuestions(this.draft, this.questions, "all")) this.draft.answers[id] = "yes";
    this.#changed();
  }

  realism(value) {
    this.draft.realism = this.draft.realism === value ? null : value;
    this.choosing = false;
    this.#changed();
  }

  /** After r the next digit is the realism. */
  chooseRealism(choosing) {
    this.choosing = choosing;
    this.view.draft(this);
  }

  /** Escape: one step back. */
  leave() {
    if (this.draft.marking) this.mark(false);
  }

  note(text) {
    this.draft.note = text;
    this.#remember();
  }

  /** Take the last answer back and show its image again. */
  async undo() {
    if (this.session.paused || this.#ended) return;
    const last = this.outbox.last();
    if (last && !last.undoes && !last.tried) {
      this.outbox.remove(last);
      this.#past = this.#past.filter((each) => each.body.event !== last.body.event);
      return this.#back(last.task, last.body);
    }
    const past = this.#past.pop();
    if (past) {
      const undone = { path: "/api/undo", body: { event: newEvent() }, task: past.task, undoes: past.body.event };
      this.outbox.add(undone);
      this.#back(past.task, past.body);
      return this.wake();
    }
    return last ? this.view.say("The last answer is still on its way.") : this.#undoThere();
  }

  /** Keep what is half said, for a page that is loaded again. */
  remember() {
    if (this.task && this.clock.running) this.#remember();
  }

  // An answer of an earlier visit: only the server knows which it was.
  async #undoThere() {
    this.#open = false;
    try {
      const reply = await this.api.post("/api/undo", { event: newEvent() });
      this.#progress(reply);
      if (reply.task) return this.#back(reply.task, reply.previous);
      this.view.say("There is no answer to take back.");
    } catch (error) {
      this.#stopped(error);
    }
    this.#open = this.clock.running;
  }

  #answerNow(plausible) {
    return answerOf(this.task, this.draft, plausible, this.session.detail, newEvent(), this.clock.seconds);
  }

  #answer(body) {
    this.#open = false;
    this.clock.stop();
    this.outbox.add({ path: "/api/answer", body, task: this.task });
    this.#past.push({ task: this.task, body });
    this.#answered.add(this.task.task);
    this.paces.push(body.seconds);
    this.kept.forget();
    this.#next();
    this.wake();
  }

  #back(task, previous) {
    if (this.task) this.#queue.unshift(this.task);
    this.#answered.delete(task.task);
    this.paces.pop();
    this.#show(task, draftOf(previous, this.session.detail));
    this.view.say("Taken back: judge this image anew.");
  }

  #next() {
    if (!this.#began) return this.view.cover("intro", this);
    if (this.#queue.length) return this.#show(this.#queue.shift(), null);
    this.task = null;
    this.clock.stop();
    this.#open = false;
    return this.#idle();
  }

  #idle() {
    const { done, total, paused } = this.session;
    if (this.#ended) return;
    if (paused) this.view.cover("paused", this);
    else if (this.#failures) this.view.cover("wait", this);
    else if (this.outbox.length || done < total) this.view.cover("loading", this);
    else this.view.cover("done", this);
  }

  async #show(task, draft) {
    this.clock.stop();
    this.#open = false;
    this.task = task;
    this.draft = draft ?? this.kept.recall(task) ?? emptyDraft();
    this.cursor = 0;
    this.moved = false;
    this.choosing = false;
    this.#keep();
    this.view.task(this);
    try {
      const images = await Promise.all(task.pictures.map((id) => this.pictures.get(id)));
      if (this.task === task) await this.view.images(images);
    } catch (error) {
      return this.task === task ? this.#unseen(task, error) : null;
    }
    if (this.task !== task) return null;
    this.clock.start(this.draft.seconds);
    return setTimeout(() => {
      if (this.task !== task) return;
      this.#open = true;
      this.view.opened(task);
    }, BOUNCE);
  }

  // The picture did not come: put the task back, and try again.
  #unseen(task, error) {
    this.#queue.unshift(task);
    this.task = null;
    this.#stopped(error);
    this.#idle();
  }

  #refill() {
    this.#refilling ??= this.#fetchTasks().finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #fetchTasks() {
    try {
      const reply = await this.api.get(`/api/tasks?count=${AHEAD}`);
      const last = reply.tasks.at(-1)?.position ?? Infinity;
      const later = this.#queue.filter((task) => task.position > last);
      const wanted = (task) => !this.#answered.has(task.task) && task.task !== this.task?.task;
      this.#queue = [...reply.tasks, ...later].filter(wanted).slice(0, AHEAD);
      this.#keep();
      this.#progress(reply);
    } catch (error) {
      this.#stopped(error);
    }
  }

  #keep() {
    const behind = this.#past.slice(-REMEMBERED).map((each) => each.task);
    const tasks = [this.task, ...this.#queue, ...behind].filter(Boolean);
    this.pictures.keep(tasks.flatMap((task) => task.pictures));
  }

  #progress({ done, total, paused }) {
    this.#failures = 0;
    const resumed = this.session.paused && !paused;
    Object.assign(this.session, { done, total, paused });
    this.clock.hinder("pause", paused);
    this.view.away(null);
    this.view.progress(this);
    if (paused) this.view.cover("paused", this);
    else if (resumed && this.task) this.view.uncover();
    if (resumed) this.wake();
  }

  #refused(entry, error) {
    this.#past = this.#past.filter((each) => each.body.event !== entry.body.event);
    if (error.status === 409 && !entry.undoes) return this.view.say("That image was judged in another window: what was said there stands.");
    if (error.status === 422) this.#answered.delete(entry.task.task);
    return this.view.say(`The server did not take an answer: ${error.message}`);
  }

  // Nothing is settled: the pause ends, the connection comes back, or the link is gone for good.
  #stopped(error) {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 423) {
      this.#progress({ ...this.session, paused: true });
      this.#timer = setTimeout(() => this.wake(), POLL);
    } else if ([401, 403, 410].includes(status)) {
      this.#ended = error;
      this.clock.stop();
      this.#open = false;
      this.view.cover("gone", this, error);
    } else {
      this.view.away(error, this);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.wake(), WAITS[Math.min(this.#failures, WAITS.length - 1)]);
      this.#failures += 1;
    }
  }

  #changed() {
    this.view.draft(this);
    this.#remember();
  }

  #remember() {
    if (!this.task) return;
    const seconds = this.clock.running ? this.clock.seconds : this.draft.seconds;
    this.kept.keep(this.task, { ...this.draft, seconds });
  }
}
