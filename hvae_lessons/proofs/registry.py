r"""The registry of theorems, each tied to the code it is about, and what is asked of it.

A theorem's prover takes the functions under proof as arguments. `prove` hands it those that train the models;
the wrong variants put a mistaken one in their place, and must be refuted, or the theorem proves nothing.
"""

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hvae_lessons.checks import check_choice, expect
from hvae_lessons.proofs.claims import REFUTED, Claim

# The order in which chapters are listed; a theorem names one of them.
CHAPTERS = (
    "distributions",
    "divergences",
    "elbo",
    "reparameterization",
    "vae",
    "mhvae",
    "clustering",
    "topdown",
    "beta_vae",
    "infovae",
)

# By name: the theorems import this engine, and not the other way round.
THEOREMS = "hvae_lessons.theorems"

_REGISTRY = {}


@dataclass(frozen=True)
class Theorem:
    r"""A statement, the functions it is about, the way to prove it, and wrong code that it must catch.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name`, `chapter` | str | how chapters call it; where it is listed |
    | `about` | functions | public functions under proof, in the order in which the prover takes them |
    | `statement` | LaTeX | what is proved |
    | `source` | str | note and equation |
    | `scope` | str | for which sizes it is proved, if not for all |
    | `prover` | callable | functions under proof -> list of Claims |
    | `wrong_variants` | dict | label -> functions with one of them wrong |

    Raises: ValueError for a label given twice.
    Source: a record.
    """

    name: str
    chapter: str
    about: tuple[Callable, ...]
    statement: str
    source: str
    scope: str
    prover: Callable
    wrong_variants: dict = field(default_factory=dict)

    def wrong(self, label, instead_of=None):
        """Decorator: code that must not pass in place of `instead_of`, by default of the first in `about`."""
        target = self.about[0] if instead_of is None else instead_of

        def register(function):
            expect(label not in self.wrong_variants, "label", "a new label", repr(label))
            self.wrong_variants[label] = tuple(function if code is target else code for code in self.about)
            return function

        return register


class Verdict(NamedTuple):
    """Outcome of one attempt at a proof, and the processor time it took.

    It holds only if there are claims and every one is proved.
    """

    theorem: Theorem
    claims: tuple[Claim, ...]
    seconds: float

    @property
    def holds(self):
        """True if every step is proved."""
        return bool(self.claims) and all(claim.holds for claim in self.claims)

    @property
    def refuted(self):
        """True if some step is shown to be false, which is more than not proved."""
        return any(claim.status == REFUTED for claim in self.claims)


def theorem(name, *, chapter, about, statement, source, scope):
    """Decorator that registers a prover as a Theorem; the arguments are Theorem's fields.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | decorator | prover -> Theorem |

    Raises: ValueError for a name that is taken.
    Source: see Theorem.
    """

    def register(prover):
        expect(name not in _REGISTRY, "name", "a new theorem", repr(name))
        check_choice("chapter", chapter, CHAPTERS)
        _REGISTRY[name] = Theorem(name, chapter, tuple(about), statement, source, scope, prover)
        return _REGISTRY[name]

    return register


def all_theorems():
    """Every theorem: by chapter, then in the order of the folder theorems/ and of the theorems in a file.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | tuple of Theorem | the registry |

    Source: every module of `hvae_lessons.theorems`.
    """
    for _ in _modules_in(importlib.import_module(THEOREMS)):
        pass  # importing a file of theorems registers them
    return tuple(sorted(_REGISTRY.values(), key=_position))


def _position(entry):
    code = entry.prover.__code__
    return CHAPTERS.index(entry.chapter), entry.prover.__module__, code.co_firstlineno


def prove(name, variant=None):
    """Run one proof on the code of the package, or on one of the theorem's wrong variants.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | of a theorem |
    | `variant` | str | label of a wrong variant; None proves the code itself |
    | returns | Verdict | claims, whether all hold, seconds |

    Raises: ValueError for an unknown theorem or variant; an error inside a proof is not hidden.
    Source: see Theorem.
    """
    theorems = {entry.name: entry for entry in all_theorems()}
    check_choice("name", name, tuple(theorems))
    chosen = theorems[name]
    if variant is not None:
        check_choice("variant", variant, tuple(chosen.wrong_variants))
    code = chosen.about if variant is None else chosen.wrong_variants[variant]
    start = time.process_time()
    claims = tuple(chosen.prover(*code))
    return Verdict(chosen, claims, time.process_time() - start)


class Examination(NamedTuple):
    """A theorem put to the test: proved for the code, refuted for every wrong variant of it."""

    verdict: Verdict
    wrong: dict[str, Verdict]  # label of a wrong variant -> what came of proving it

    @property
    def passed(self):
        """True if the code is proved right and every wrong variant is proved wrong."""
        return self.verdict.holds and bool(self.wrong) and all(v.refuted for v in self.wrong.values())

    @property
    def seconds(self):
        """Time for the proof and the refutations together."""
        return self.verdict.seconds + sum(verdict.seconds for verdict in self.wrong.values())


def examine(name):
    """Prove a theorem, and try to prove it for each wrong variant.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | of a theorem |
    | returns | Examination | verdict on the code, verdicts on the wrong variants |

    Raises: as `prove`.
    Source: see Theorem.
    """
    verdict = prove(name)
    return Examination(verdict, {label: prove(name, label) for label in verdict.theorem.wrong_variants})


def formulas_without_theorem(*packages):
    """Names of the public functions that packages define and no theorem is about.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `packages` | modules or packages | e.g. hvae_lessons.formulas: every file in it counts |
    | returns | list of str | module.function, sorted; empty if every formula has a theorem |

    Source: the registry. A function counts where it is defined, wherever else it may be imported.
    """
    proved = {code for entry in all_theorems() for code in entry.about}
    return sorted(
        f"{module.__name__}.{name}"
        for package in packages
        for module in (package, *_modules_in(package))
        for name, code in vars(module).items()
        if inspect.isfunction(code) and code.__module__ == module.__name__
        if not name.startswith("_") and code not in proved
    )


def _modules_in(package):
    """Every module below a package; none below a module."""
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        yield importlib.import_module(found.name)
