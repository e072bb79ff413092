// Seconds per image: counted while the image is in sight, and the pace that follows from them.

const REMEMBERED = 20;
const ENOUGH = 3;

export class Clock {
  #earlier = 0;
  #since = null;
  #running = false;
  #hindrances = new Set();

  /** Begin to count for a new image; `earlier` seconds were spent on it before. */
  start(earlier = 0) {
    this.#earlier = earlier;
    this.#running = true;
    this.#since = this.#hindrances.size ? null : performance.now();
  }

  stop() {
    this.#earlier = this.seconds;
    this.#running = false;
    this.#since = null;
  }

  get running() {
    return this.#running;
  }

  get seconds() {
    const now = this.#since === null ? 0 : (performance.now() - this.#since) / 1000;
    return this.#earlier + now;
  }

  /** Do not count while `what` (a hidden tab, the help) stands before the image. */
  hinder(what, present) {
    const earlier = this.seconds;
    if (present) this.#hindrances.add(what);
    else this.#hindrances.delete(what);
    if (!this.#running) return;
    this.#earlier = earlier;
    this.#since = this.#hindrances.size ? null : performance.now();
  }
}

/** The pace of the last images and the time that is left at it; "" before there are three. */
export function paceWords(seconds, left) {
  if (seconds.length < ENOUGH || left <= 0) return "";
  const sorted = seconds.slice(-REMEMBERED).sort((a, b) => a - b);
  const pace = (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
  return `${pace < 10 ? pace.toFixed(1) : pace.toFixed(0)} s each, ${durationWords(pace * left)} left`;
}

function durationWords(seconds) {
  if (seconds < 90) return "about a minute";
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}
