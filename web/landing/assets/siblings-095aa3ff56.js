// Where the other services of the same stack live, derived from the page's own address:
// http://seance.localhost:8080 -> http://backend.seance.localhost:8080, https://seance.dev -> https://backend.seance.dev.
// Null when the page has no name to put one in front of (a bare address, `localhost`, a file).
export function siblingOrigin(name, page = location) {
  if (page.protocol !== "http:" && page.protocol !== "https:") return null;
  const apex = page.host.replace(/^www\./, "");
  const hostname = apex.replace(/:\d+$/, "");
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith("[");
  if (isAddress || !hostname.includes(".")) return null;
  return `${page.protocol}//${name}.${apex}`;
}

// A link another service handed us, or null unless it is as safe as the page it will be followed from.
export function safeLink(link, base, page = location) {
  if (typeof link !== "string" || link === "") return null;
  let url;
  try {
    url = new URL(link, base);
  } catch {
    return null;
  }
  return url.protocol === "https:" || url.protocol === page.protocol ? url.href : null;
}

// JSON from a sibling. Throws an Error that carries `status` when the service answered something else than success.
export async function fetchJson(url, { body, milliseconds = 4000 } = {}) {
  const response = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
    credentials: "omit",
    signal: AbortSignal.timeout(milliseconds),
  });
  if (!response.ok) throw Object.assign(new Error(`${url} answered ${response.status}`), { status: response.status });
  return response.json();
}
