// Chooses the view before the first paint, so a visitor of /download never sees the home page flash by.
// A classic script in the head on purpose: modules run after the document was parsed. Without scripts no
// view is chosen and the style sheet shows all of them, one below the other.
(() => {
  const views = {
    "/": "home",
    "/index.html": "home",
    "/download": "download",
    "/please-support": "support",
    "/checkout": "support", // older links and desktop builds
  };
  const viewOf = (path) => views[path.replace(/\/+$/, "") || "/"] ?? "missing";

  globalThis.seanceViewOf = viewOf;
  document.documentElement.dataset.view = viewOf(location.pathname);
})();
