// jax-js makes a new instance of a compiled kernel for every call, hundreds in a step of training. Chromium keeps a
// record of each and works the records off once a second, for a third of a second in which the thread stands still.
// A kernel keeps nothing between calls, so one instance for each will do. Loaded before jax-js is used.

const made = new WeakMap(); // module -> { memory, instance }

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, [module, imports]) {
    const memory = imports?.env?.memory;
    const known = made.get(module);
    if (known && known.memory === memory) return known.instance;
    const instance = new Instance(module, imports);
    made.set(module, { memory, instance });
    return instance;
  },
});
