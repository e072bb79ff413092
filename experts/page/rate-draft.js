// What the rater has said about the image before him, and the answer that becomes of it.

export const emptyDraft = () => ({
  answers: {}, marking: false, plausible: null, realism: null, note: "", seconds: 0,
});

/** The draft that gives this answer again, so that an answer taken back can be changed. */
export function draftOf(previous, detail) {
  const draft = emptyDraft();
  if (!previous) return draft;
  const { answers = {}, plausible = null, realism = null, note = "", seconds = 0 } = previous;
  Object.assign(draft, { plausible, realism, note: note ?? "", seconds: seconds ?? 0 });
  if (detail === "all") draft.answers = { ...answers };
  if (detail === "failed" && plausible === 0) {
    draft.marking = true;
    draft.answers = Object.fromEntries(Object.entries(answers).filter(([, answer]) => answer !== "yes"));
  }
  return draft;
}

/** Ids of the questions that have no answer yet, where every one needs its own. */
export function openQuestions(draft, questions, detail) {
  return detail === "all" ? questions.filter((id) => !(id in draft.answers)) : [];
}

/**
 * The body of the call that saves this verdict. Where failures are marked, an unmarked question counts as right; with
 * nothing marked an implausible image has no stated reason, so that no question is answered.
 */
export function answerOf(task, draft, plausible, detail, event, seconds) {
  const given = { failed: (id) => draft.answers[id] ?? "yes", all: (id) => draft.answers[id] }[detail];
  const unsaid = detail === "verdict" || (detail === "failed" && !plausible && !Object.keys(draft.answers).length);
  const marked = detail === "failed" && plausible === 1 ? () => "yes" : given;
  const answers = unsaid ? {} : Object.fromEntries(task.questions.map((id) => [id, marked(id)]));
  const { realism } = draft;
  const note = draft.note.replace(/\p{Surrogate}/gu, "").trim();
  return { event, task: task.task, seconds: measured(seconds), plausible, answers, realism, note, preferred: null };
}

/** The body of the call that saves which of two is the more plausible: left, right or equal. */
export function choiceOf(task, preferred, event, seconds) {
  const nothing = { plausible: null, answers: {}, realism: null, note: "" };
  return { event, task: task.task, seconds: measured(seconds), ...nothing, preferred };
}

// No finer than a browser's clock, no longer than a day, which is what the server takes.
const measured = (seconds) => Math.min(Math.round(seconds * 100) / 100, 86400);

/** A new event's id; also where the page came over plain http and randomUUID is not to be had. */
export function newEvent() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
