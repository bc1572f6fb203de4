"""Proofs that the code computes what the mathematics says; `hvae_lessons.theorems` holds the theorems."""

from hvae_lessons.proofs.claims import Claim, equal, true
from hvae_lessons.proofs.registry import (
    CHAPTERS,
    Examination,
    Theorem,
    Verdict,
    all_theorems,
    examine,
    formulas_without_theorem,
    prove,
    theorem,
)

__all__ = [
    "CHAPTERS",
    "Claim",
    "Examination",
    "Theorem",
    "Verdict",
    "all_theorems",
    "equal",
    "examine",
    "formulas_without_theorem",
    "prove",
    "theorem",
    "true",
]
