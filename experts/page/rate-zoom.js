// Zoom and pan, the same for both images of a comparison. Scales are device pixels per image pixel.

const STEP = 1.25;
const LARGEST = 32;
const TIMES_WHOLE = 8;
const SHARP_FROM = 2;

export class Zoom {
  #frames;
  #changed;
  #wanted = null;
  #centre = [0.5, 0.5];
  #pointers = new Map();

  /** `frames`: elements that hold one image each; `changed` is called after each layout. */
  constructor(frames, changed) {
    this.#frames = frames;
    this.#changed = changed;
    const watcher = new ResizeObserver(() => this.layout());
    for (const frame of frames) {
      watcher.observe(frame);
      this.#listen(frame);
    }
  }

  /** Show whole images again. */
  reset() {
    this.#wanted = null;
    this.#centre = [0.5, 0.5];
    this.layout();
  }

  get zoomed() {
    return this.#wanted !== null && this.scale > this.#fit();
  }

  /** Device pixels for one image pixel: a whole number from 2 on, so that no pixel is wider than its neighbour. */
  get scale() {
    const scale = this.#wanted ?? this.#fit();
    return scale >= SHARP_FROM ? Math.floor(scale + 1e-6) : scale;
  }

  get size() {
    const image = this.#image(this.#frames[0]);
    return image ? [image.naturalWidth, image.naturalHeight] : [0, 0];
  }

  /** One step in (1) or out (-1) about a point of a frame; about the middle without one. */
  step(direction, at = null) {
    const now = this.scale;
    const next = direction > 0 ? Math.max(now * STEP, Math.floor(now) + 1) : Math.min(now / STEP, Math.ceil(now) - 1);
    this.#to(now < SHARP_FROM && direction < 0 ? now / STEP : next, at);
  }

  /** Between the whole image and twice as large, at least to true pixels. */
  toggle(at = null) {
    if (this.zoomed) this.reset();
    else this.#to(Math.max(SHARP_FROM, this.scale * 2), at);
  }

  /** Move what is seen by so many CSS pixels. */
  pan(dx, dy) {
    const [width, height] = this.#shown();
    if (width) this.#centre = [this.#centre[0] - dx / width, this.#centre[1] - dy / height];
    this.layout();
  }

  layout() {
    if (!this.size[0]) return;
    const scale = this.scale;
    for (const frame of this.#frames) if (this.#image(frame)) this.#place(frame, scale);
    this.#changed();
  }

  #image(frame) {
    return frame.querySelector("img");
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#frames[0];
    const [width, height] = this.size;
    return Math.min(clientWidth / width, clientHeight / height) * devicePixelRatio;
  }

  #shown() {
    return this.size.map((length) => (length * this.scale) / devicePixelRatio);
  }

  #to(scale, at) {
    if (!this.size[0]) return;
    const before = this.#shown();
    const fit = this.#fit();
    this.#wanted = Math.min(scale, Math.max(LARGEST, TIMES_WHOLE * fit));
    if (scale <= fit) {
      this.reset();
      return;
    }
    if (at) this.#holdStill(at, before);
    this.layout();
  }

  // The image's point under the pointer stays there.
  #holdStill(at, before) {
    const box = at.frame.getBoundingClientRect();
    const from = [at.x - box.left - box.width / 2, at.y - box.top - box.height / 2];
    const after = this.#shown();
    this.#centre = this.#centre.map((c, i) => c + from[i] / before[i] - from[i] / after[i]);
  }

  #place(frame, scale) {
    const image = this.#image(frame);
    const room = [frame.clientWidth, frame.clientHeight];
    const shown = this.#shown();
    this.#centre = this.#centre.map((c, i) => within(c, room[i] / shown[i] / 2));
    const corner = room.map((length, i) => whole(length / 2 - this.#centre[i] * shown[i]));
    image.style.width = `${shown[0]}px`;
    image.style.height = `${shown[1]}px`;
    image.style.transform = `translate(${corner[0]}px, ${corner[1]}px)`;
    image.classList.toggle("sharp", scale >= SHARP_FROM || scale === 1);
    frame.classList.toggle("zoomed", this.zoomed);
  }

  #listen(frame) {
    frame.addEventListener("wheel", (event) => this.#wheel(event, frame), { passive: false });
    frame.addEventListener("dblclick", (event) => this.toggle({ frame, x: event.clientX, y: event.clientY }));
    frame.addEventListener("pointerdown", (event) => {
      frame.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    frame.addEventListener("pointermove", (event) => this.#move(event, frame));
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
  }

  #wheel(event, frame) {
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode ? 16 : 1);
    const from = this.#wanted ?? this.#fit();
    this.#to(from * Math.exp(-turned * 0.002), { frame, x: event.clientX, y: event.clientY });
  }

  #move(event, frame) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId);
    this.#pointers.set(event.pointerId, now);
    const share = others.length ? 2 : 1;
    if (others.length) this.#pinch(others[0][1], before, now, frame);
    if (this.zoomed) this.pan((now[0] - before[0]) / share, (now[1] - before[1]) / share);
  }

  #pinch(fixed, before, now, frame) {
    const apart = (point) => Math.hypot(point[0] - fixed[0], point[1] - fixed[1]) || 1;
    const at = { frame, x: (now[0] + fixed[0]) / 2, y: (now[1] + fixed[1]) / 2 };
    this.#to((this.#wanted ?? this.#fit()) * (apart(now) / apart(before)), at);
  }
}

const within = (centre, half) => (half >= 0.5 ? 0.5 : Math.min(Math.max(centre, half), 1 - half));
const whole = (length) => Math.round(length * devicePixelRatio) / devicePixelRatio;
