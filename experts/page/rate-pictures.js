// Pictures fetched ahead and decoded; their object URLs are given up after use.

export class Pictures {
  #api;
  #images = new Map();

  constructor(api) {
    this.#api = api;
  }

  /** A promise of the decoded image element; fetched once, again after a failure. */
  get(id) {
    if (!this.#images.has(id)) {
      const image = this.#fetch(id);
      this.#images.set(id, image);
      image.catch(() => this.#images.delete(id));
    }
    return this.#images.get(id);
  }

  /** Have these ready and give up all others. */
  keep(ids) {
    const wanted = new Set(ids);
    for (const [id, image] of this.#images) {
      if (wanted.has(id)) continue;
      this.#images.delete(id);
      image.then((each) => URL.revokeObjectURL(each.src), () => {});
    }
    for (const id of wanted) this.get(id).catch(() => {});
  }

  async #fetch(id) {
    const image = new Image();
    image.draggable = false;
    image.src = URL.createObjectURL(await this.#api.picture(id));
    try {
      await image.decode();
    } catch (error) {
      URL.revokeObjectURL(image.src);
      throw error;
    }
    return image;
  }
}
