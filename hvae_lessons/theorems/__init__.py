"""Theorems about the package's functions; `hvae_lessons.proofs` finds every file of this folder."""

# Public functions of formulas/ and objectives/ that no theorem is about: name -> why none can be.
WITHOUT_THEOREM = {}
