// Reads a server-sent event stream from a fetch response.
//
// EventSource can send neither a body nor a header, so the stream is read here. Promises: frames are split at any of
// CR, LF and CRLF, wherever the network cut them; a frame without data is skipped; data lines are joined by LF; an
// unfinished frame at the end of the stream is dropped, as the HTML standard says.

/** Splits text, given in any pieces, into events `{event, data}`. */
export class EventDecoder {
  #rest = "";
  #event = "";
  #data = [];
  #begun = false;

  /** Takes the next piece and returns the events it completes. */
  push(piece) {
    if (!this.#begun && piece) {
      this.#begun = true;
      if (piece.startsWith("\uFEFF")) piece = piece.slice(1);
    }
    this.#rest += piece;
    const events = [];
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      if (end < 0) break;
      // A CR at the very end may be the first half of a CRLF: wait for what follows.
      if (this.#rest[end] === "\r" && end + 1 === this.#rest.length) break;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line) {
    if (line === "") {
      const done = this.#data.length ? { event: this.#event || "message", data: this.#data.join("\n") } : null;
      this.#event = "";
      this.#data = [];
      return done;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }
}

/** The events of a response body, one by one. */
export async function* events(response) {
  const decoder = new EventDecoder();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* decoder.push(value);
    }
  } finally {
    reader.releaseLock();
  }
}
