// Answers on their way: each is kept on this device until the server says that it is saved.

/**
 * Entries in the order of adding, one key of the browser's storage each: two windows that add and remove at once never
 * overwrite each other's. They belong to study and rater, so that they outlive a renewed link.
 */
export class Outbox {
  #prefix;
  #storage;
  #memory = new Map();
  #newest = 0;

  constructor(study, rater, storage) {
    this.#prefix = `synmedbench/${study}/${rater}/waiting/`;
    this.#storage = storage;
  }

  /** False when the browser stores nothing: then entries live as long as the page. */
  get kept() {
    return this.#memory.size === 0;
  }

  entries() {
    return this.#keys().map((key) => this.#read(key)).filter((entry) => entry?.body);
  }

  get length() {
    return this.entries().length;
  }

  /** How many of the entries are answers; the others take answers back. */
  get answers() {
    return this.entries().filter((entry) => entry.path === "/api/answer").length;
  }

  first() {
    return this.entries()[0] ?? null;
  }

  last() {
    return this.entries().at(-1) ?? null;
  }

  /** Add one call: its path, its body (with the event's own id) and what the page needs to take it back. */
  add(entry) {
    this.#newest = Math.max(this.#newest + 1, Date.now(), this.#lastOrder() + 1);
    const key = `${this.#prefix}${String(this.#newest).padStart(15, "0")}/${entry.body.event}`;
    this.#write(key, { ...entry, tried: false });
  }

  /** Note that the call was sent: from now on nobody knows whether the server has it. */
  tried(entry) {
    const { key, ...rest } = entry;
    if (this.#keys().includes(key)) this.#write(key, { ...rest, tried: true });
  }

  remove(entry) {
    this.#memory.delete(entry.key);
    try {
      this.#storage.removeItem(entry.key);
    } catch {
      // A browser that stores nothing has nothing to remove.
    }
  }

  #keys() {
    const stored = [];
    try {
      for (let i = 0; i < this.#storage.length; i += 1) stored.push(this.#storage.key(i));
    } catch {
      // The same: what is not stored is in memory.
    }
    return [...new Set([...stored.filter((key) => key.startsWith(this.#prefix)), ...this.#memory.keys()])].sort();
  }

  #lastOrder() {
    const last = this.#keys().at(-1);
    return last ? Number(last.slice(this.#prefix.length).split("/")[0]) : 0;
  }

  // Null for what another window has just removed, and for what is not of this page.
  #read(key) {
    try {
      return { key, ...JSON.parse(this.#memory.get(key) ?? this.#storage.getItem(key)) };
    } catch {
      return null;
    }
  }

  #write(key, value) {
    const text = JSON.stringify(value);
    try {
      this.#storage.setItem(key, text);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, text);
    }
  }
}
