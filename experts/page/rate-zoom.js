// Zoom and pan, the same for both images of a comparison. Scales are device pixels per image pixel.

const STEP = 1.25;
const LARGEST = 32;
const TIMES_WHOLE = 8;
const SHARP_FROM = 2;
// Whole images, in CSS pixels per image pixel: beyond 12 an image falls into blocks before it is seen as one.
const USUAL = 12;
const SMALLEST = 2;

export class Zoom {
  #frames;
  #changed;
  #kept;
  #whole = USUAL;
  #wanted = null;
  #centre = [0.5, 0.5];
  #pointers = new Map();

  /**
   * `frames`: elements that hold one image each; `changed` is called after each layout; `kept` recalls and keeps the
   * size of whole images: { get(), set(size) }.
   */
  constructor(frames, changed, kept) {
    this.#frames = frames;
    this.#changed = changed;
    this.#kept = kept;
    const size = Number(kept.get() ?? NaN);
    if (size >= SMALLEST) this.#whole = size;
    const watcher = new ResizeObserver(() => this.layout());
    for (const frame of frames) {
      watcher.observe(frame);
      this.#listen(frame);
    }
  }

  /** Show whole images again, in the size that was chosen for them. */
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
    return whole(this.#exact);
  }

  get size() {
    const image = this.#image(this.#frames[0]);
    return image ? [image.naturalWidth, image.naturalHeight] : [0, 0];
  }

  /** One step in (1) or out (-1). Sizes at which the whole image is seen stay for the next images. */
  step(direction) {
    if (!this.size[0]) return;
    const [now, fit] = [this.scale, this.#fit()];
    if (direction < 0 && now <= Math.min(fit, SMALLEST * devicePixelRatio)) return;
    const closer = Math.max(now * STEP, Math.floor(now) + 1);
    const farther = now < SHARP_FROM ? now / STEP : Math.min(now / STEP, Math.ceil(now) - 1);
    const next = direction > 0 ? closer : farther;
    const filled = direction > 0 ? now < whole(fit) && next > fit : now > fit && next < fit;
    if (filled) this.#keep(Infinity);
    else if (next > fit) this.#to(next);
    else this.#keep(next / devicePixelRatio);
  }

  /** Between the whole image and twice as large, at least to true pixels. */
  toggle(at = null) {
    if (this.#wanted !== null) this.reset();
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

  /** The scale of whole images: as chosen, at most as large as the frame. */
  #home() {
    return Math.min(this.#fit(), this.#whole * devicePixelRatio);
  }

  get #exact() {
    return this.#wanted ?? this.#home();
  }

  #keep(size) {
    this.#whole = Math.max(size, SMALLEST);
    this.#kept.set(this.#whole);
    this.reset();
  }

  #shown() {
    return this.size.map((length) => (length * this.scale) / devicePixelRatio);
  }

  #to(scale, at = null) {
    if (!this.size[0]) return;
    const before = this.#shown();
    this.#wanted = Math.min(scale, Math.max(LARGEST, TIMES_WHOLE * this.#fit()));
    if (scale <= this.#home()) {
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
    const corner = room.map((length, i) => atDevice(length / 2 - this.#centre[i] * shown[i]));
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
    this.#to(this.#exact * Math.exp(-turned * 0.002), { frame, x: event.clientX, y: event.clientY });
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
    this.#to(this.#exact * (apart(now) / apart(before)), at);
  }
}

const within = (centre, half) => (half >= 0.5 ? 0.5 : Math.min(Math.max(centre, half), 1 - half));
const atDevice = (length) => Math.round(length * devicePixelRatio) / devicePixelRatio;
const whole = (scale) => (scale >= SHARP_FROM ? Math.floor(scale + 1e-6) : scale);
