// Sends the outbox in order, one call at a time.

import { Refused } from "./rate-api.js";

// What the server says of an answer itself; any other refusal (a link, a pause, a proxy's 404) may pass.
const SETTLED = [409, 413, 422];

/** `on` is told what becomes of each entry: saved, refused (it never will be), or stopped (it stays and waits). */
export class Sender {
  #api;
  #outbox;
  #on;
  #running = null;

  constructor(api, outbox, on) {
    this.#api = api;
    this.#outbox = outbox;
    this.#on = on;
  }

  /** Send what waits, until nothing does or a call fails; true when nothing waits any more. */
  flush() {
    this.#running ??= this.#send().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #send() {
    for (let entry = this.#outbox.first(); entry; entry = this.#outbox.first()) {
      this.#outbox.tried(entry);
      try {
        const reply = await this.#api.post(entry.path, entry.body);
        this.#outbox.remove(entry);
        this.#on.saved(entry, reply);
      } catch (error) {
        if (!(error instanceof Refused) || !SETTLED.includes(error.status)) {
          this.#on.stopped(error);
          return false;
        }
        this.#drop(entry);
        this.#on.refused(entry, error);
      }
    }
    return true;
  }

  // An answer that never counted must not be taken back: that would withdraw the one before it.
  #drop(entry) {
    this.#outbox.remove(entry);
    for (const other of this.#outbox.entries()) {
      if (other.undoes === entry.body.event) this.#outbox.remove(other);
    }
  }
}
