// The questions, with what is expected for the requested class, and the marks beside them.

import { element, pressed } from "./rate-element.js";
import { plain, upper } from "./rate-words.js";

const CHOICES = {
  failed: [["no", "Wrong"], ["cannot tell", "Cannot tell"]],
  all: [["yes", "Yes"], ["no", "No"], ["cannot tell", "Cannot tell"]],
  verdict: [],
};

/** One line for each question of the task (of a pair, which is asked none: what to look at); `respond(answer, index)` is called when one is chosen. */
export function checklist(task, session, respond) {
  const compares = session.mode === "compare";
  const asked = session.criteria.questions.filter(compares
    ? ({ classes, needs }) => (!classes || classes.includes(task.requested.label)) && (!needs || needs in task.requested)
    : ({ id }) => task.questions.includes(id));
  if (!compares) asked.sort((a, b) => task.questions.indexOf(a.id) - task.questions.indexOf(b.id));
  const detail = compares ? "verdict" : session.detail;
  return asked.map((question, index) => line(question, index, task, detail, respond));
}

function line(question, index, task, detail, respond) {
  const name = upper(plain(question.id));
  const expected = question.expected?.[task.requested.label];
  const words = element("div", { className: "words" }, [
    element("strong", { textContent: name }),
    expected ? element("span", { className: "expected", textContent: expected }) : null,
    element("small", { textContent: question.text }),
  ]);
  const choices = CHOICES[detail].map(([answer, said]) => choice(answer, said, () => respond(answer, index)));
  const group = element("div", { className: "choices", role: "group", "aria-label": name }, choices);
  const number = element("span", { className: "number", textContent: String(index + 1), "aria-hidden": "true" });
  const item = element("li", { tabIndex: -1 }, [number, words, choices.length ? group : null]);
  if (detail === "failed") words.addEventListener("click", () => respond("no", index));
  return item;
}

function choice(answer, said, chosen) {
  const button = element("button", { type: "button", textContent: said, "aria-pressed": "false" });
  button.dataset.answer = answer;
  button.addEventListener("click", chosen);
  return button;
}

/** Show the marks of a draft in the list; the line at the cursor scrolls into sight while questions are answered. */
export function paintChecklist(list, flow) {
  const { draft, cursor, questions, session } = flow;
  const answering = session.mode === "rate" && (draft.marking || session.detail === "all");
  list.classList.toggle("answering", answering);
  [...list.children].forEach((item, index) => {
    const answer = draft.answers[questions[index]] ?? "";
    item.dataset.answer = answer;
    item.classList.toggle("current", index === cursor && (answering || flow.moved));
    for (const button of item.querySelectorAll("button")) pressed(button, button.dataset.answer === answer);
  });
  if (answering || flow.moved) list.children[cursor]?.scrollIntoView({ block: "nearest" });
}
