'''Widgets of the book: one front end each, which runs in a notebook and on a page without a kernel.

A new widget is a folder, NAME/.

1. `front_end.js`, what runs in the page:

       import { lesson } from "../js/ui/lesson.js";
       import { controls, slider } from "../js/ui/controls.js";
       import { plot } from "../js/ui/plot.js";

       export default lesson((view) => {
         const { model, root, say } = view;  // say: a sentence of words.py, the only file with sentences
         const area = plot(say("curve"), { height: 240 });
         const beta = slider(view, { trait: "beta", label: say("beta"), min: 0, max: 4, step: 0.1 });
         root.append(area, controls(beta));
         view.draw(() => {                   // now, after every change of a trait and of the width
           area.frame({ x: [0, 1], y: [0, model.get("beta")] });
           area.line("curve", [0, 1], [0, 1], "q");
           area.keep();
           area.describe(say("describe_curve", { beta: model.get("beta") }));
         });
       });

   Shared, below js/ui/: lesson.js (frame, drawing, animation, errors), controls.js (slider, choice,
   number, check, button, group, status), plot.js (axes, curves, handles, legend), kl_bars.js
   (the KL of each coordinate), rate_plane.js (rate and distortion), grip.js (a point that the pointer or
   the arrow keys move), equation.js (a sum of named numbers), address.js (a state that a link leads to),
   theme.css (colors in light and dark), numbers.js (how numbers are written), images.js (a digit, the
   classes' colors), pictures.js (many images on a canvas), words.js (sentences with values), workers.js
   (`import source from "./x.worker.js"`, then `startWorker(source)`), dom.js. Below js/numerics/, for
   Node too: nets.js (networks from packed weights), arrays.js (typed arrays from Python), random.js
   (seeded), vae.js and training.js (a VAE that trains in the page), mixture.js (clusters of codes),
   hierarchy.js (a top-down generator). What is too large for a page lies in a script beside it:
   `page_files` in kit/lesson_widget.py. Every state that Python should see is a trait:
   `view.set({ beta: 2 })`. Timers and workers end in `view.onClose`; callbacks that are not a control's go
   through `view.guard`, so that an error becomes a sentence in the widget's place.

2. `widget.py`, its state; `__init__.py` hands it on, and a line below:

       class Name(LessonWidget):
           """What it shows, its arguments as a table, Raises, Source."""

           front_end = "NAME"
           alternative = PICTURE["alternative"]  # words.py: for those who cannot see the picture
           words = Words(PAGE)               # words.py: what the front end says; "title" names the widget
           beta = Number(1.0, 0, 4)          # kit/traits.py: Number, Whole, Choice, Array
           weights = Array("float32")        # travels as bytes, base64 on a page

           def picture(self):
               return draw(...)  # picture.py: a matplotlib Figure for print, PDF, no JavaScript

   A trait without `sync` stays in Python.

3. `tests/widgets/test_NAME.py`: the numbers of the front end against the package's (fixture `run_js`), and
   what every control does (fixture `open_widget`: the page without a kernel; light, dark, narrow, wide; axe).

Nothing else: the build (kit/bundles.py, js/build.mjs) takes every `front_end.js`, the book copies what was
built to `_static/widgets/`, and `book/_static/widget_host.js` loads it when the reader comes near. In a
chapter the cell is `Name()`, alone on the last line.
'''

from hvae_lessons.widgets.cluster_explorer import ClusterExplorer
from hvae_lessons.widgets.elbo_gap import ElboGap
from hvae_lessons.widgets.hierarchy_explorer import HierarchyExplorer
from hvae_lessons.widgets.kernel_panel import KernelPanel
from hvae_lessons.widgets.kit.lesson_widget import LessonWidget
from hvae_lessons.widgets.latent_explorer import LatentExplorer
from hvae_lessons.widgets.rate_distortion_explorer import RateDistortionExplorer
from hvae_lessons.widgets.reparameterization import Reparameterization
from hvae_lessons.widgets.vae_playground import VAEPlayground

__all__ = [
    "ClusterExplorer",
    "ElboGap",
    "HierarchyExplorer",
    "KernelPanel",
    "LatentExplorer",
    "LessonWidget",
    "RateDistortionExplorer",
    "Reparameterization",
    "VAEPlayground",
]
