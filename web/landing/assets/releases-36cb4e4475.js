// Fills the download page: marks the visitor's own platform, and puts versions, sizes and direct links on
// the buttons once the backend has told them. Until then, and if it never does, the page's own links serve.
import { fetchJson, safeLink, siblingOrigin } from "./siblings-095aa3ff56.js";

const names = { mac: "macOS", windows: "Windows", linux: "Linux", mobile: "a phone or tablet" };
const aliases = {
  darwin: "mac", mac: "mac", macos: "mac", osx: "mac",
  win32: "windows", win: "windows", windows: "windows",
  linux: "linux",
};

export function guessPlatform(nav = navigator) {
  const told = `${nav.userAgentData?.platform ?? ""} ${nav.platform ?? ""} ${nav.userAgent ?? ""}`.toLowerCase();
  if (nav.userAgentData?.mobile || /android|iphone|ipad|ipod/.test(told)) return "mobile";
  if (/mac/.test(told)) return nav.maxTouchPoints > 1 ? "mobile" : "mac"; // an iPad says it is a Mac
  if (/win/.test(told)) return "windows";
  if (/linux|x11|cros/.test(told)) return "linux";
  return null;
}

function platformOf(text) {
  return aliases[String(text ?? "").toLowerCase()] ?? null;
}

// One list from both sources: `downloads.list` names every file, `version.json` the newest desktop release.
export function mergeReleases(version, listed, base) {
  const found = new Map();
  const desktop = version?.desktop;
  const newest = safeLink(desktop?.downloadUrl, base);
  if (newest) {
    const platform = /\.(exe|msi)$/i.test(newest) ? "windows" : /\.(appimage|deb|rpm)$/i.test(newest) ? "linux" : "mac";
    found.set(platform, { platform, href: newest, version: desktop.version, released: desktop.released });
  }
  for (const file of Array.isArray(listed) ? listed : []) {
    const platform = platformOf(file?.platform);
    const href = safeLink(file?.url, base);
    if (!platform || !href || /\.(zip|blockmap)$/i.test(file.filename ?? href)) continue; // those are for the updater
    if (platform === "mac" && found.has("mac") && file.arch !== "arm64") continue;
    found.set(platform, { released: desktop?.released, ...found.get(platform), platform, href, version: file.version, size: file.size });
  }
  return [...found.values()];
}

function describe({ version, released, size }) {
  const parts = [];
  if (typeof version === "string" && version) parts.push(`Version ${version}`);
  const date = released ? new Date(released) : null;
  if (date && !Number.isNaN(date.valueOf())) parts.push(date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" }));
  if (Number.isFinite(size) && size > 0) parts.push(`${Math.max(1, Math.round(size / 1e6))} MB`);
  return parts.join(" · ");
}

function offer(release) {
  const card = document.querySelector(`[data-platform="${release.platform}"]`);
  const link = card.querySelector("a.button");
  link.href = release.href;
  link.hidden = false;
  card.querySelector(".soon")?.setAttribute("hidden", "");
  const details = describe(release);
  if (details) card.querySelector(".release").textContent = details;
}

function greet() {
  const platform = guessPlatform();
  const note = document.getElementById("platform-guess");
  const card = document.querySelector(`[data-platform="${platform}"]`);
  if (card) {
    card.classList.add("yours");
    card.parentElement.prepend(card);
  }
  if (platform === "mobile") {
    note.textContent = "Séance is a desktop app. You seem to be on a phone or tablet: open this page again at your computer.";
  } else if (platform && platform !== "mac") {
    note.textContent = `You seem to be on ${names[platform]}. Séance for ${names[platform]} is on its way; until it is here, join sessions from the browser.`;
  } else if (platform === "mac") {
    note.textContent = "You seem to be on a Mac. This build is for Macs with Apple silicon: M1 and everything after it.";
  }
}

let asked = false;
export async function showReleases() {
  if (asked) return;
  asked = true;
  greet();

  const backend = siblingOrigin("backend");
  if (!backend) return;
  const mac = document.querySelector('[data-platform="mac"]');
  mac.querySelector("a.button").href = `${backend}/updates/darwin-arm64/download-latest`;

  const [version, listed] = await Promise.allSettled([
    fetchJson(`${backend}/updates/api/version.json`),
    fetchJson(`${backend}/trpc/downloads.list`),
  ]);
  const releases = mergeReleases(version.value, listed.value?.result?.data, backend);
  releases.forEach(offer);

  const platform = guessPlatform();
  if (platform !== "mac" && releases.some((release) => release.platform === platform)) {
    document.getElementById("platform-guess").textContent = `You seem to be on ${names[platform]}.`;
  }
  const nothingPublished = releases.length === 0 && version.reason?.status === 404;
  if (nothingPublished) {
    mac.querySelector("a.button").hidden = true;
    mac.querySelector(".release").textContent = "No build has been published yet.";
  }
}
