"""No odd call ends in an error from inside torch or Python: it works, or a sentence says what is wrong.

In every call that works, every argument in turn is replaced by each of `odd_values`. Most of these calls are
nonsense; some, as a whole number for a number, are right.
"""

import copy
import inspect

import numpy as np
import pytest
import torch
from bad_input.odd_values import odd_values
from bad_input.tables import GOOD, named
from torch import nn

from hvae_lessons import data, training

# A sentence may name a part of an argument, or the argument of a function that it is handed on to.
PARTS = {"mean", "mean_p", "logits", "log_q", "noise", "trace", "layer", "inputs", "outputs", "x", "z"}
# What would download, write where the tests run, or start processes.
NOT_CALLED = {
    (data.load_mnist, "full", "True"),
    (training.sweep, "folder", "a string"),
    (training.sweep, "jobs", "3"),
    (training.sweep, "jobs", "-1"),
}


def odd_calls(function):
    """Argument, name of the odd value, all arguments."""
    good = GOOD[function]
    for argument, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        for name, value in odd_values(good.get(argument, parameter.default)).items():
            if (function, argument, name) not in NOT_CALLED:
                yield argument, name, {**good, argument: value}


def complaint(function, argument, arguments):
    """What is wrong with the outcome of a call; None if nothing is."""
    try:
        function(**arguments)
    except ValueError as refusal:
        subject, _, rest = str(refusal).partition(": expected ")
        names = {
            value for value in GOOD[function].values() if isinstance(value, str)
        }  # what it may be called
        known = names | PARTS | set(inspect.signature(function).parameters)
        return None if ", got " in rest and known & set(subject.split()) else repr(refusal)
    except Exception as error:
        return repr(error)
    of_tensors = holds(GOOD[function].get(argument), torch.Tensor)
    return "computed with arrays" if of_tensors and holds(arguments[argument], np.ndarray) else None


def holds(value, kind):
    return isinstance(value, kind) or (isinstance(value, tuple) and any(holds(part, kind) for part in value))


@pytest.mark.parametrize("function", [f for f, good in GOOD.items() if good is not None], ids=named)
def test_odd_calls_work_or_get_a_sentence(function):
    owner = getattr(function, "__self__", None)
    models = [model for model in (owner, *GOOD[function].values()) if isinstance(model, nn.Module)]
    before = [copy.deepcopy(model.state_dict()) for model in models]
    complaints = []
    for argument, name, arguments in odd_calls(function):
        found = complaint(function, argument, arguments)
        if found:
            complaints.append(f"{argument}, {name}: {found}")
        for model, state in zip(models, before):  # some of the calls train
            model.load_state_dict(state)
            model.train()
    assert complaints == [], "\n".join(complaints)
