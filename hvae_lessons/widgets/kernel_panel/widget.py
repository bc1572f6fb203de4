"""Real PyTorch training from a few fields, in a notebook with a kernel: runs are kept side by side."""

import asyncio
import base64
import html
import threading

import ipywidgets
from ipywidgets import Layout

from hvae_lessons.checks import expect
from hvae_lessons.training import TrainingDiverged
from hvae_lessons.widgets.kernel_panel.picture import draw
from hvae_lessons.widgets.kernel_panel.training_runs import DATA, FACTORIES, Setting, table, train
from hvae_lessons.widgets.kernel_panel.words import PANEL, PICTURE
from hvae_lessons.widgets.kit.png import as_png

# Seconds between a click and what it does, see KernelPanel._when_settled.
SETTLING = 0.1


class KernelPanel(ipywidgets.VBox):
    """Fields, a Train and a Stop button, and what came of every run so far: a table and a picture.

    | Argument | Meaning |
    |---|---|
    | `models` | name -> function (images, latent_dim, generator) of a model; the book's VAE unless said |
    | settings | what the fields show first: `model`, `data`, `beta`, `latent_dim`, `epochs`, `seed` |

    `run(beta=4, ...)` trains at once and returns a Run, for scripts and for the pages of the book; `runs`
    holds them all.

    Raises: ValueError for a setting that makes no sense; in the panel it is a sentence.
    Source: `training.fit` with `objectives.beta_elbo`, N4 21.24.
    """

    def __init__(self, models=FACTORIES, **settings):
        known = ", ".join(Setting.__dataclass_fields__)
        unknown = ", ".join(sorted(set(settings) - set(Setting.__dataclass_fields__)))
        expect(not unknown, type(self).__name__, f"some of the settings {known}", unknown)
        expect(len(models) > 0 and all(map(callable, models.values())), "models", "name -> function", models)
        start = Setting(**{"model": next(iter(models)), **settings})
        start.check(models)
        self.models, self.runs = models, []
        self._stopping = threading.Event()
        self._task = None
        self._loop = _running_loop()
        self._fields = _fields(models, start)
        self._train = ipywidgets.Button(description=PANEL["train"], button_style="primary", icon="play")
        self._stop = ipywidgets.Button(description=PANEL["stop"], icon="stop", disabled=True)
        self._clear = ipywidgets.Button(description=PANEL["forget"], icon="trash", disabled=True)
        self._train.on_click(lambda _: self._when_settled(self.start))
        self._stop.on_click(lambda _: self.stop())
        self._clear.on_click(lambda _: self._when_settled(self.clear))
        self._progress = ipywidgets.IntProgress(value=0, max=1, layout=Layout(width="16em"))
        self._line = ipywidgets.HTML(value=PANEL["ready"])
        self._table = ipywidgets.HTML()
        self._figure = ipywidgets.HTML()
        row = Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                ipywidgets.Box(list(self._fields.values()), layout=row),
                ipywidgets.Box([self._train, self._stop, self._clear, self._progress], layout=row),
                self._line,
                self._table,
                self._figure,
            ]
        )

    def run(self, **settings):
        """Train now, with the fields' values where nothing else is said, and keep the run; returns it."""
        setting = Setting(**{**self._values(), **settings})
        setting.check(self.models)
        self._stopping.clear()
        run = train(setting, self.models[setting.model], self._stopping)
        self._keep(run)
        return run

    def start(self):
        """What the Train button does: train in a thread, so that the notebook and Stop stay awake."""
        if self._task is not None and not self._task.done():
            return
        setting = Setting(**self._values())
        try:
            setting.check(self.models)
        except ValueError as error:
            self._say(str(error), bad=True)
            return
        self._stopping.clear()
        self._busy(True)
        self._progress.max, self._progress.value = setting.epochs, 0
        self._say(PANEL["training"].format(run=setting.name))
        self._task = asyncio.get_running_loop().create_task(self._watch(setting))

    def stop(self):
        """What the Stop button does: end the run after its epoch; the model keeps what it has learned."""
        self._stopping.set()
        self._say(PANEL["stopping"])

    def clear(self):
        """Forget the runs."""
        self.runs.clear()
        self._show()
        self._say(PANEL["ready"])

    def _when_settled(self, action):
        """Act in the notebook's own thread, a moment later.

        JupyterLab gives the first message of every field and button to the kernel's main thread, and later
        ones to a second: a click may overtake the number that was typed before it.
        """
        loop = self._loop or asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, SETTLING, action)

    async def _watch(self, setting):
        loop = asyncio.get_running_loop()
        factory = self.models[setting.model]

        def on_epoch(epoch, bound):
            # Widgets are changed in the kernel's own thread only.
            loop.call_soon_threadsafe(self._report, setting, epoch, bound)

        try:
            run = await asyncio.to_thread(train, setting, factory, self._stopping, on_epoch)
            self._keep(run)
            end = ("stopped" if run.interrupted else "done") + ("_one" if run.epochs == 1 else "")
            words, bad = PANEL[end].format(epochs=run.epochs, seconds=f"{run.seconds:.0f}"), False
        except Exception as error:
            # Whatever a model of the reader's own may raise: in a task nobody else would see it.
            known = isinstance(error, TrainingDiverged | ValueError)
            words, bad = str(error) if known else f"{type(error).__name__}: {error}", True
        self._busy(False)
        self._say(words, bad)

    def _report(self, setting, epoch, bound):
        self._progress.value = epoch + 1
        words = {"epoch": epoch + 1, "epochs": setting.epochs, "cost": f"{-bound:.1f}"}
        self._say(PANEL["epoch"].format(**words), role="none")

    def _values(self):
        return {name: field.value for name, field in self._fields.items()}

    def _keep(self, run):
        self.runs.append(run)
        self._show()

    def _show(self):
        self._clear.disabled = not self.runs
        self._table.value = (
            f'<div class="jp-RenderedHTMLCommon">{table(self.runs)}</div>' if self.runs else ""
        )
        self._figure.value = self._image() if self.runs else ""

    def _busy(self, busy):
        self._train.disabled, self._stop.disabled = busy, not busy

    def _say(self, words, bad=False, role="status"):
        color = "var(--jp-error-color1, #b40426)" if bad else "inherit"
        self._line.value = f'<span role="{role}" style="color: {color}">{html.escape(words)}</span>'

    def picture(self):
        """Learning curves and prior samples of the runs so far."""
        return draw([run.curve for run in self.runs], [run.samples for run in self.runs])

    def static_html(self):
        """For a page without a kernel: the runs' table and picture, and how to make one's own."""
        shown = table(self.runs) + self._image() if self.runs else ""
        return f'<div class="hvae-kernel-panel">{shown}<p>{PANEL["in_a_book"]}</p></div>'

    def _image(self):
        source = "data:image/png;base64," + base64.b64encode(as_png(self.picture)).decode()
        return f'<img src="{source}" alt="{PICTURE["alternative"]}" style="max-width: 100%">'

    def _repr_mimebundle_(self, **settings):
        """Live in a notebook; table and picture on a page."""
        return {**super()._repr_mimebundle_(**settings), "text/html": self.static_html()}


def _running_loop():
    """The loop of this thread; None in a script, which has none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _fields(models, start):
    """One labeled field for every setting. A bad number gets a sentence, not a silent change."""
    wide = {"style": {"description_width": "8em"}, "layout": Layout(width="19em")}
    return {
        "model": ipywidgets.Dropdown(
            options=list(models), value=start.model, description=PANEL["model"], **wide
        ),
        "data": ipywidgets.Dropdown(
            options=[(PANEL[name], name) for name in DATA],
            value=start.data,
            description=PANEL["data"],
            **wide,
        ),
        "beta": ipywidgets.FloatText(value=start.beta, description=PANEL["beta"], **wide),
        "latent_dim": ipywidgets.IntText(value=start.latent_dim, description=PANEL["latent_dim"], **wide),
        "epochs": ipywidgets.IntText(value=start.epochs, description=PANEL["epochs"], **wide),
        "seed": ipywidgets.IntText(value=start.seed, description=PANEL["seed"], **wide),
    }
