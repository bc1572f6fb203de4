// A widget's place in the address of the page: "#NAME?beta=4&latent_dim=8", so that a link leads to what the reader sees.

const PAUSE = 200; // milliseconds without a change: browsers refuse an address that changes all the time

/**
 * address(view, { now, take }) on a page of the book; in a notebook, whose address is not ours, it does nothing.
 *
 *   now()          the numbers that belong into the address, by name
 *   take(numbers)  goes where an address leads: as the widget begins, and when a link is followed
 *
 * Of several widgets with one name on a page the second is called NAME-2; the address is that of the last one moved.
 */
export function address(view, { now, take }) {
  const place = view.root.closest("[data-hvae-widget]");
  if (!place) return;
  const name = place.dataset.hvaeWidget;
  const number = [...document.querySelectorAll(`[data-hvae-widget="${name}"]`)].indexOf(place) + 1;
  const key = number > 1 ? `${name}-${number}` : name;
  const text = () => new URLSearchParams(now()).toString();
  let timer = 0;

  const follow = view.guard(() => {
    const [of, given] = location.hash.slice(1).split("?");
    if (of === key && given) take(Object.fromEntries([...new URLSearchParams(given)].map(([what, value]) => [what, Number(value)])));
  });
  follow();
  // What is there at the beginning needs no address.
  let written = text();
  view.listen("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (text() === written) return;
      written = text();
      // Not a step of the browser's history: "back" leaves the page. A page inside another one may have no address.
      try {
        history.replaceState(history.state, "", `#${key}?${written}`);
      } catch {}
    }, PAUSE);
  });
  addEventListener("hashchange", follow);
  view.onClose(() => {
    clearTimeout(timer);
    removeEventListener("hashchange", follow);
  });
}
