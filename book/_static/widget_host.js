// Brings the book's widgets to life on a page that has no kernel. A widget is a <div data-hvae-widget="name"
// data-hvae-state="JSON"> around a picture; its script is fetched when the reader comes near. Classic scripts only:
// a page that is opened as a file may load no other.
(() => {
  const folder = new URL("widgets/", document.currentScript.src);
  const loading = new Map();

  // What a front end sees of its Python object: the same calls, but nobody on the other side.
  const modelOf = (state) => {
    const listeners = new Map();
    const emit = (event, ...args) => [...(listeners.get(event) ?? [])].forEach((listener) => listener(...args));
    return {
      get: (name) => state[name],
      set(name, value) {
        if (state[name] === value) return;
        state[name] = value;
        emit(`change:${name}`);
        emit("change");
      },
      save_changes() {},
      send() {},
      on: (event, listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      off: (event, listener) => void listeners.set(event, (listeners.get(event) ?? []).filter((one) => one !== listener)),
      file: bytesOf,
    };
  };

  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  const revive = (_, value) =>
    typeof value?.$bytes === "string"
      ? new DataView(decode(value.$bytes).buffer)
      : value;

  // A script leaves what it brings in an object of the window: found() takes it from there.
  const load = (file, found) => {
    if (!loading.has(file)) {
      const script = document.createElement("script");
      script.src = new URL(file, folder);
      const done = new Promise((resolve, reject) => {
        script.onload = () => (found() ? resolve(found()) : reject());
        script.onerror = () => reject();
      });
      loading.set(file, done);
      document.head.append(script);
    }
    return loading.get(file);
  };

  // Data too large for the page: a widget asks for them by name when the reader does.
  const bytesOf = async (name) => {
    try {
      return decode(await load(`${name}.data.js`, () => window.hvaeData?.[name]));
    } catch {
      throw new Error("its data could not be fetched");
    }
  };

  const mount = async (place) => {
    const live = document.createElement("div");
    live.className = "hvae-live";
    const name = place.dataset.hvaeWidget;
    try {
      const widget = await load(`${name}.page.js`, () => window.hvaeWidgets?.[name]);
      const state = JSON.parse(place.dataset.hvaeState, revive);
      place.append(live);
      await widget.render({ model: modelOf(state), el: live });
      place.classList.add("is-live");
    } catch (error) {
      live.remove();
      const note = document.createElement("p");
      note.className = "hvae-note";
      note.textContent = "This widget could not be started here, so you see a picture of it. Run the chapter in Jupyter to use it.";
      place.append(note);
      if (error instanceof Error) console.error(error);
    }
  };

  // An address may name a widget, "#NAME?..." or "#NAME-2?...": the reader is brought there, and the widget reads the rest.
  const visit = () => {
    const [, name, number = 1] = location.hash.match(/^#(\w+)(?:-(\d+))?\?/) ?? [];
    if (name) document.querySelectorAll(`[data-hvae-widget="${name}"]`)[number - 1]?.scrollIntoView();
  };

  const start = () => {
    const near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          mount(target);
        }
      },
      { rootMargin: "800px 0px" },
    );
    for (const place of document.querySelectorAll("[data-hvae-widget]")) near.observe(place);
    visit();
    addEventListener("hashchange", visit);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
