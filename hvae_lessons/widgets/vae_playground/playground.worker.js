// The thread that trains. Messages in: images, begin, settings, run, step, taken; out: snapshot, failed.

import { training } from "../js/numerics/training.js";

const FRAME = 1000 / 32; // milliseconds from picture to picture
const DEAREST = 40; // milliseconds that a picture is taken to cost at most
const SHARE = 2000; // milliseconds of training between two copies of the weights for Python
const REST = 1000; // epochs after which training pauses by itself

const images = {};
const settings = { beta: 1, warmUp: 0, nats: 0, rate: 1e-3 };
let now = null; // the training
let ticket = 0; // of the begin that made it: late pictures of an older one are not shown
let running = false;
let known = 0; // epochs that the page has been told of
let queued = false; // the next slice
let waiting = false; // for the page to take the last picture
let pictureCost = 5; // milliseconds, a running average
let due = 0; // when the next picture is
let pace = 0; // epochs a second
let pictures = 0;
let shared = 0; // when the weights were last sent
let last = null; // { time, steps } of the last measurement

function send({ withWeights = false, rested = false } = {}) {
  const start = performance.now();
  // The score is as dear as the rest of a picture, and numbers that change eight times a second can be read.
  pictures += 1;
  const snapshot = now.snapshot({ knownEpochs: known, judged: withWeights || pictures % 4 === 0 });
  known = snapshot.epoch;
  const sharing = withWeights || start - shared > SHARE;
  if (sharing) shared = start;
  const weights = sharing ? now.weights() : null;
  waiting = true;
  const message = { kind: "snapshot", ticket, ...snapshot, weights, running, rested, pace };
  const buffers = Object.values(message).filter((value) => value instanceof Float32Array).map((value) => value.buffer);
  postMessage(message, [...new Set(buffers)]);
  const end = performance.now();
  // The first one is compiled, which says nothing about the next.
  pictureCost += 0.2 * (Math.min(end - start, DEAREST) - pictureCost);
  // From due to due, for a step that ends late should not slow the pace; half of the time is for training even where
  // pictures are dear.
  due = Math.max(due + FRAME, start, end + pictureCost);
}

// A message to oneself lets those of the page come in between, and unlike a timer it is not slowed down.
const next = new MessageChannel();
next.port1.onmessage = () => guard(slice)();
const goOn = () => {
  if (!queued) next.port2.postMessage(0);
  queued = true;
};

function slice() {
  queued = false;
  if (!running) return;
  // A picture that is due waits for the page to have taken the last one; then every step asks for news.
  do {
    now.step();
    if (now.steps() % (REST * now.stepsPerEpoch) === 0) running = false;
  } while (running && performance.now() < due);
  const time = performance.now();
  if (last && time - last.time > 500) {
    pace = ((now.steps() - last.steps) / now.stepsPerEpoch / (time - last.time)) * 1000;
    last = null;
  }
  last ??= { time, steps: now.steps() };
  if (!running) send({ withWeights: true, rested: true });
  else if (!waiting && performance.now() >= due) send();
  if (running) goOn();
}

const handlers = {
  images: ({ name, value }) => void (images[name] = value),
  settings: ({ values }) => void Object.assign(settings, values),
  taken: () => void (waiting = false),
  begin(message) {
    now?.close();
    running = false;
    ({ ticket } = message);
    [known, pace, last] = [0, 0, null];
    now = training({ ...message, images: images[message.data] }, () => settings);
    send({ withWeights: true });
  },
  run({ on }) {
    if (on === running) return;
    running = on;
    last = null;
    if (on) goOn();
    else send({ withWeights: true });
  },
  step() {
    running = false;
    now.step();
    send({ withWeights: true });
  },
};

const guard = (f) => (...args) => {
  try {
    return f(...args);
  } catch (error) {
    const diverged = error instanceof RangeError && "step" in error;
    running = false;
    if (diverged) send({ withWeights: true });
    postMessage({ kind: diverged ? "diverged" : "failed", ticket, step: error.step, words: error.message });
    return undefined;
  }
};

onmessage = guard(({ data }) => handlers[data.kind](data));
