// Questions to the server of the page.

const PATIENCE = 30_000; // ms

/** The server of the page does not answer. */
export class Gone extends Error {}

/** The server refuses; `status` is that of HTTP. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Return what is at a path, as `{ data, etag }`; `null` if it is what `etag` stands for. */
export async function ask(path, parameters = {}, { signal, etag, text = false } = {}) {
  const limit = AbortSignal.timeout(PATIENCE);
  let answer;
  try {
    answer = await fetch(`/api/${path}?${new URLSearchParams(parameters)}`, {
      cache: "no-store",
      headers: etag ? { "If-None-Match": etag } : {},
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (answer.status === 304) return null;
    if (answer.ok) {
      return { data: await (text ? answer.text() : answer.json()), etag: answer.headers.get("ETag") };
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Gone("The page's server does not answer.");
  }
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, said.error ?? `The server refuses (${answer.status}).`);
}

/** Take it for an answer that something is not there (any more); other errors go on. */
export function absent(error) {
  if (error.status !== 404) throw error;
  return { data: null, etag: undefined, said: error.message };
}
