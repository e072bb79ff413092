// What the page says, apart from what the criteria say.

/** A name from a table as a reader expects it: `nucleus_shape` becomes "nucleus shape". */
export const plain = (name) => String(name).replaceAll("_", " ");

/**
 * A class as a reader expects it: as the criteria call it, where the data set has a code (`mel` becomes "melanoma");
 * a hyphen between letters joins words, as in `basal-cell-carcinoma`.
 */
export function className(label, { criteria: { names } }) {
  const name = names && Object.hasOwn(names, label) ? names[label] : label;
  return plain(name).replace(/(\p{Ll})-(?=\p{Ll})/gu, "$1 ");
}

export const upper = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// Fitzpatrick's types are written in Roman numerals.
const ROMAN = { 1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI" };

/** What was requested beside the class, in words: "skin type V-VI". */
export function otherWishes(requested) {
  const rest = Object.entries(requested).filter(([name, value]) => name !== "label" && value !== null && value !== "");
  return rest.map(([name, value]) => (name === "skin_tone" ? `skin type ${ROMAN[value] ?? value}` : `${plain(name)} ${plain(value)}`)).join(", ");
}

/** One sentence that a screen reader says for a new image. */
export function announced(task, session, done) {
  const wish = task.requested.label ? className(task.requested.label, session) : "any class";
  const rest = otherWishes(task.requested);
  const what = session.mode === "compare" ? "Two images" : "Image";
  return `${what}, ${done + 1} of ${session.total}. Requested: ${wish}${rest ? `, ${rest}` : ""}.`;
}

/** What the rater has to know, in four lines. */
export function introLines(session) {
  const judge = {
    compare: "Two images of one request stand side by side: say which is the more plausible, by [←] or [→], or [=] for equal.",
    failed: "Each image was made or taken for a request. Is it plausible? [1] says yes, everything on the checklist is right; [0] says no, and you mark what is wrong.",
    all: "Each image was made or taken for a request. Answer the checklist by [y] yes, [n] no or [t] cannot tell, then [1] plausible or [0] implausible.",
    verdict: "Each image was made or taken for a request. Is it plausible? [1] says yes, [0] says no; the checklist beside it reminds you of what to look at.",
  }[session.mode === "compare" ? "compare" : session.detail];
  return [
    judge,
    "Some images may be real. Nothing tells which, so judge each by what you see.",
    "A few come a second time, unannounced, to see how steady a judgement is: yours need not be the same.",
    "Every answer is saved at once. [u] takes the last one back, [?] lists all keys; leave when you like, this link goes on where you stopped.",
  ];
}

/** What stands above the page while the server cannot be reached, or cannot save. */
export function awayWords(answers, error, kept) {
  const trouble = error.lost ? "Connection lost" : "The server cannot answer at the moment";
  if (!answers) return `${trouble}: the page goes on by itself as soon as it can.`;
  const count = answers === 1 ? "1 answer waits, it is" : `${answers} answers wait, they are`;
  return `${trouble}: ${count} kept ${kept ? "on this device" : "in this window only, so leave it open"}.`;
}

/** The page's full-height messages: { title, text (paragraphs), go (the button's words) }. */
export const covers = {
  loading: () => ({ title: "Loading", text: [] }),
  wait: ({ waiting }) => ({
    title: "No further image is loaded",
    text: [
      waiting ? "Your answers are kept on this device and sent when the connection is back." : "",
      "The page goes on by itself as soon as it can.",
    ],
  }),
  paused: () => ({
    title: "A pause",
    text: ["Whoever runs the study has paused it. What you answered is kept; the page goes on by itself after the pause."],
  }),
  done: ({ session }) => session.total
    ? {
      title: "Thank you",
      text: [
        `You have judged ${session.total === 1 ? "the one image" : `all ${session.total}`}. Every answer is saved.`,
        "You may close this page.",
      ],
    }
    : { title: "Nothing to judge", text: ["This study holds no images for you. Please tell whoever sent you the link."] },
  gone: ({ error, waiting }) => ({
    title: "This link no longer works",
    text: [
      `${upper(error.message)}. Ask whoever runs the study for a new one.`,
      waiting ? `${waiting === 1 ? "One answer waits" : `${waiting} answers wait`} on this device: open the new link here and they are sent.` : "",
    ],
  }),
  intro: ({ session }) => ({
    title: `${session.total} ${session.mode === "compare" ? "pairs" : "images"} to judge`,
    text: introLines(session),
    go: "Begin",
  }),
};
