// Turns the subscribe button into a checkout session of the backend, and says plainly when there is none.
import { track } from "./analytics-2dcdc94c30.js";
import { fetchJson, safeLink, siblingOrigin } from "./siblings-095aa3ff56.js";

const closed = "Checkout is not open at the moment. Nothing was charged; please try again another day.";
const unreachable = "We could not reach checkout. Nothing was charged; check your connection and try again.";

export function showCheckout(button, note) {
  button.addEventListener("click", async () => {
    track("checkout_subscribe_clicked");
    const backend = siblingOrigin("backend");
    button.disabled = true;
    note.textContent = "Opening checkout…";
    try {
      if (!backend) throw Object.assign(new Error("no backend"), { status: 503 });
      const answer = await fetchJson(`${backend}/trpc/stripe.createCheckoutSession`, {
        body: { successUrl: `${location.origin}/download`, cancelUrl: `${location.origin}/please-support` },
        milliseconds: 15000,
      });
      const url = safeLink(answer?.result?.data?.url, backend);
      if (!url) throw Object.assign(new Error("no checkout address"), { status: 502 });
      track("checkout_started");
      location.assign(url);
    } catch (error) {
      track("checkout_error", { status: error.status ?? 0 });
      note.textContent = error.status ? closed : unreachable;
      button.disabled = false;
    }
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // back from checkout, out of the browser's page cache
    button.disabled = false;
    note.textContent = "";
  });
}
