// Counts page views through beholder, our own subdomain. Off unless the page carries a project key, and off
// for everyone whose browser asks not to be tracked. No cookie; the visitor id lives as long as the tab.
import { siblingOrigin } from "./siblings-095aa3ff56.js";

const key = document.querySelector('meta[name="posthog-key"]')?.content.trim() ?? "";
const origin = siblingOrigin("beholder");

function declined() {
  const doNotTrack = navigator.doNotTrack ?? globalThis.doNotTrack;
  return navigator.globalPrivacyControl === true || doNotTrack === "1" || doNotTrack === "yes";
}

function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // absent on plain-http origins
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

let visitor;
function visitorId() {
  if (visitor) return visitor;
  try {
    visitor = sessionStorage.getItem("visitor") ?? randomId();
    sessionStorage.setItem("visitor", visitor);
  } catch {
    visitor = randomId(); // storage is forbidden: the id lasts for this page
  }
  return visitor;
}

export function track(event, properties = {}) {
  if (!key || !origin || declined()) return;
  const now = new Date().toISOString();
  const body = {
    api_key: key,
    uuid: randomId(),
    event,
    distinct_id: visitorId(),
    timestamp: now,
    sent_at: now,
    properties: {
      $current_url: location.origin + location.pathname,
      $host: location.host,
      $pathname: location.pathname,
      $referrer: document.referrer || "$direct",
      $lib: "seance-landing",
      $process_person_profile: false,
      ...properties,
    },
  };
  // JSON sent as text/plain needs no CORS preflight, so an event is accepted (and spooled by beholder) even
  // while PostHog, which would have to answer the preflight, is away.
  fetch(`${origin}/i/v0/e/`, {
    method: "POST",
    headers: { "Content-Type": "text/plain;charset=UTF-8" },
    body: JSON.stringify(body),
    credentials: "omit",
    keepalive: true,
  }).catch(() => {}); // a lost page view is nobody's problem
}

export function trackPageView() {
  track("$pageview", { title: document.title });
}
