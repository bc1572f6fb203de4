"""What a notebook calls: its seed, and the source it shows, compared with Python's own parse of the files."""

import ast
import inspect

import matplotlib.pyplot as plt
import pytest
import torch

from hvae_lessons import notebook
from hvae_lessons.formulas.divergences import kl_standard_gaussian
from hvae_lessons.models import VAE
from hvae_lessons.nets import linear
from hvae_lessons.oracles import GridModel
from hvae_lessons.proofs import prove
from hvae_lessons.training.cluster_start import start_mixture


@pytest.fixture(autouse=True)
def _restore_default_type():
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


def test_setup_returns_the_source_of_all_randomness():
    with plt.rc_context():
        generator = notebook.setup(seed=3)
    expected = torch.randn(5, generator=torch.Generator().manual_seed(3))
    assert torch.equal(torch.randn(5, generator=generator), expected)
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("code", [kl_standard_gaussian, linear, VAE, GridModel, prove, start_mixture])
def test_shown_source_is_the_code_without_its_docstring(code, monkeypatch):
    shown = []
    monkeypatch.setattr(notebook, "display", shown.append)
    notebook.show_source(code)
    where, source = shown
    assert code.__module__.replace(".", "/") in where.data.replace("\\", "/")
    expected = ast.parse(inspect.getsource(code))
    assert ast.get_docstring(expected.body[0])
    del expected.body[0].body[0]
    assert ast.dump(ast.parse(source.data)) == ast.dump(expected)


def test_a_table_needs_columns_of_one_length():
    with pytest.raises(ValueError, match="columns of one length"):
        notebook.show_table({"beta": [1, 4], "rate": [8.9]})
    with pytest.raises(ValueError, match="columns of one length"):
        notebook.show_table({})
