"""Theorems about the package's functions; `hvae_lessons.proofs` finds every file of this folder."""

# Public functions of formulas/ and objectives/ that no theorem is about: name -> why none can be.
WITHOUT_THEOREM = {
    "hvae_lessons.formulas.singular_values.power_iteration": "it branches on values; tested with numbers",
}
