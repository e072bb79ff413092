// Calls to the server that served the page: the token goes in a header, never in an address.

const PATIENCE = 15000;

/** The server could not be reached, or could not save: try again later, nothing is settled. */
export class Away extends Error {
  constructor(words, lost) {
    super(words);
    this.lost = lost;
  }
}

/** The server answered no: trying again would change nothing. */
export class Refused extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

export class Api {
  #token;

  constructor(token) {
    this.#token = token;
  }

  async get(path) {
    return (await this.#call(path, {})).json();
  }

  async post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return (await this.#call(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
  }

  async picture(id) {
    return (await this.#call(`/api/pictures/${encodeURIComponent(id)}`, {})).blob();
  }

  async #call(path, options) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.#token}` };
    const rules = { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
    let response;
    try {
      response = await fetch(path, { ...options, ...rules, headers, signal: AbortSignal.timeout(PATIENCE) });
    } catch {
      throw new Away("no connection", true);
    }
    if (response.ok) return wholeReply(response);
    const words = await errorOf(response);
    if (response.status >= 500 || response.status === 408 || response.status === 429) throw new Away(words, false);
    throw new Refused(response.status, words);
  }
}

// A reply that breaks off half way counts as no reply at all.
async function wholeReply(response) {
  try {
    return new Response(await response.blob());
  } catch {
    throw new Away("the connection broke off", true);
  }
}

async function errorOf(response) {
  try {
    return String((await response.json()).error ?? response.status);
  } catch {
    return `the server answered ${response.status}`;
  }
}
