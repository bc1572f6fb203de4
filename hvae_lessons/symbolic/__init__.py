r"""Run the package's torch functions on sympy symbols.

A `SymbolicTensor` is a torch.Tensor whose entries are sympy expressions. Handed to an unchanged function of
the package it collects, operation by operation, the expression that the function computes, with its axes and
reductions; `hvae_lessons.proofs` then compares that expression with the mathematics.

Three things are refused, because each would turn a proof into something less: an operation that is not in the
table of operations.py, a floating-point constant that numbers.py does not recognize, and a branch on a
condition that the symbols leave open.
"""

from hvae_lessons.symbolic.numbers import exact
from hvae_lessons.symbolic.operations import OPERATIONS
from hvae_lessons.symbolic.tensor import SymbolicTensor, exact_array, positive, real, stop_gradient

__all__ = ["OPERATIONS", "SymbolicTensor", "exact", "exact_array", "positive", "real", "stop_gradient"]
