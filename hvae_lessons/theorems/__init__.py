"""Theorems about the package's functions; `hvae_lessons.proofs` finds every file of this folder."""

# Public functions of formulas/ and objectives/ that no theorem is about: name -> why none can be.
WITHOUT_THEOREM = {
    f"hvae_lessons.formulas.special_functions.{name}": "proofs know it by its meaning; tested with 50 digits"
    for name in ("expm1_minus", "kl_term", "log_quotient")
}
