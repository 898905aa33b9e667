// The client side of the landing page. Everything here improves a page that works without it:
// each route is also served by the server, and each call to a sibling service may fail unnoticed.
import { trackPageView, track } from "./analytics-2dcdc94c30.js";
import { startBoard } from "./board-f72ab172ec.js";
import { showCheckout } from "./checkout-726137126a.js";
import { showReleases } from "./releases-36cb4e4475.js";

const root = document.documentElement;
const viewOf = globalThis.seanceViewOf;
const description = document.querySelector('meta[name="description"]');
const robots = document.querySelector('meta[name="robots"]');
const canonical = document.querySelector('link[rel="canonical"]');

function show(view) {
  const section = document.getElementById(view);
  root.dataset.view = view;
  document.title = section.dataset.title;
  description.content = section.dataset.description;
  robots.content = view === "missing" ? "noindex" : "index, follow";
  canonical.href = new URL(section.dataset.path ?? location.pathname, canonical.href).href;
  for (const link of document.querySelectorAll(".site-nav a")) {
    if (link.pathname === section.dataset.path && !link.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "missing") document.getElementById("missing-path").textContent = location.pathname;
  if (view === "download") showReleases();
  trackPageView();
  return section;
}

function go(url) {
  const from = root.dataset.view;
  history.pushState(null, "", url);
  const section = viewOf(url.pathname) === from ? document.getElementById(from) : show(viewOf(url.pathname));
  const target = url.hash && document.getElementById(decodeURIComponent(url.hash.slice(1)));
  if (target) {
    target.scrollIntoView();
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    return;
  }
  scrollTo({ top: 0, behavior: "instant" });
  section.querySelector("h1").focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  if (link.dataset.track) track(link.dataset.track);
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (event.defaultPrevented || !plain || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || viewOf(link.pathname) === "missing") return;
  const here = link.pathname === location.pathname && link.search === location.search;
  if (here && link.hash) return; // the browser scrolls, and remembers it
  event.preventDefault();
  if (here && !location.hash) scrollTo({ top: 0 });
  else go(new URL(link.href));
});

addEventListener("popstate", () => {
  const view = viewOf(location.pathname);
  if (view !== root.dataset.view || view === "missing") show(view);
});

show(viewOf(location.pathname));
startBoard(document.getElementById("board"), document.getElementById("phrases"), document.getElementById("board-pause"));
showCheckout(document.getElementById("subscribe"), document.getElementById("subscribe-note"));
