// Which key does what, in one table: the page obeys it and the help shows it.

const marks = (now) => now.mode === "rate" && now.detail === "failed";
const asks = (now) => now.mode === "rate" && now.detail === "all";
const lists = (now) => marks(now) || asks(now);
const rates = (now) => now.mode === "rate";
const compares = (now) => now.mode === "compare";
const always = () => true;

/** `for`: when the help shows the line; `when`: when the key works, where that is narrower. The first match counts. */
const KEYS = [
  { keys: ["1", "2", "3", "4", "5"], does: "realism", for: () => false, when: (now) => now.choosing },
  { keys: ["1"], does: "plausible", for: rates, when: (now) => rates(now) && !now.marking, words: "plausible" },
  { keys: ["0"], does: "implausible", for: rates, words: "implausible" },
  { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], does: "mark", for: marks, when: (now) => now.marking,
    shown: ["1", "…", "9"], words: "after 0: mark that question as wrong, or not" },
  { keys: ["Enter"], does: "save", for: lists, words: "save the answers and go on" },
  { keys: ["j", "ArrowDown"], does: "down", for: lists, words: "next question" },
  { keys: ["k", "ArrowUp"], does: "up", for: lists, words: "question before" },
  { keys: ["y"], does: "yes", for: lists, words: "yes, this is right" },
  { keys: ["n", "x"], does: "no", for: lists, shown: ["n"], words: "no, this is wrong" },
  { keys: [" "], does: "no", for: () => false, when: (now) => now.marking },
  { keys: ["t"], does: "cannot tell", for: lists, words: "cannot tell" },
  { keys: ["a"], does: "rest", for: asks, words: "yes to all that are open" },
  { keys: ["Escape"], does: "leave", for: () => false, when: always },
  { keys: ["ArrowLeft"], does: "left", for: compares, words: "the left one is more plausible" },
  { keys: ["ArrowRight"], does: "right", for: compares, words: "the right one is more plausible" },
  { keys: ["=", "e", "ArrowDown"], does: "equal", for: compares, shown: ["=", "e"], words: "equally plausible" },
  { keys: ["u"], does: "undo", for: always, words: "take the last answer back" },
  { keys: ["r"], does: "choose", for: rates, shown: ["r", "1 to 5"], words: "realism of the whole image" },
  { keys: ["c"], does: "note", for: rates, words: "write a note; esc leaves it" },
  { keys: ["+"], does: "closer", for: always, shown: ["+", "−"], words: "zoom: a whole image's size stays for the next ones; also wheel, pinch, double click" },
  { keys: ["-", "−", "_"], does: "farther", for: () => false, when: always },
  { keys: ["="], does: "closer", for: () => false, when: rates },
  { keys: ["z"], does: "zoom", for: always, words: "large and whole again" },
  { keys: ["d"], does: "theme", for: always, words: "dark or light" },
  { keys: ["?", "h"], does: "help", for: always, shown: ["?"], words: "these keys" },
];

const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Enter: "enter", Escape: "esc" };

/**
 * What a key press means now: { does, key, ... } or null. `now` has mode, detail, marking and choosing (realism).
 * Digits count by their place too, where a keyboard needs shift for them.
 */
export function meaning(event, now) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (event.shiftKey && event.key in PAN) return { does: "pan", by: PAN[event.key] };
  const key = keyOf(event);
  const line = KEYS.find((each) => each.keys.includes(key) && (each.when ?? each.for)(now));
  return line ? { does: line.does, key } : null;
}

function keyOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const place = /^(?:Digit|Numpad)([0-9])$/.exec(event.code ?? "");
  const printsOther = KEYS.some((line) => line.keys.includes(key));
  return place && !event.shiftKey && !printsOther ? place[1] : key;
}

/** Lines of the help: [keys as printed, words]. */
export function helpLines(now) {
  const lines = KEYS.filter((line) => line.for(now)).map((line) => [(line.shown ?? line.keys).map(named), line.words]);
  return [...lines, [["shift", "← ↑ → ↓"], "move a zoomed image; also by dragging"]];
}

const named = (key) => NAMES[key] ?? key;
