// What is half said of the image in sight, kept on this device for a page that is loaded again.

import { emptyDraft } from "./rate-draft.js";

export class KeptDraft {
  #key;
  #storage;

  constructor(study, rater, storage) {
    this.#key = `synmedbench/${study}/${rater}/draft`;
    this.#storage = storage;
  }

  keep(task, draft) {
    this.#try(() => this.#storage.setItem(this.#key, JSON.stringify({ task: task.task, draft })));
  }

  forget() {
    this.#try(() => this.#storage.removeItem(this.#key));
  }

  /** The draft of this task, or null when another one or none is kept. */
  recall(task) {
    const kept = this.#try(() => JSON.parse(this.#storage.getItem(this.#key)));
    return kept?.task === task.task ? { ...emptyDraft(), ...kept.draft } : null;
  }

  // Without storage a half-said answer does not outlive the page; those that are sent do.
  #try(action) {
    try {
      return action();
    } catch {
      return null;
    }
  }
}
