"""Theorems about the package's functions; `hvae_lessons.proofs` finds every file of this folder."""

# Public functions of formulas/ and objectives/ that no theorem is about: name -> why none can be.
_BY_MEANING = "the engine knows it by its meaning, as it knows torch.exp; the code is compared with 50 digits"
WITHOUT_THEOREM = {
    "hvae_lessons.formulas.reparameterizations.standard_noise": "it draws; tested by its moments",
    "hvae_lessons.formulas.rotations.random_rotation": "it draws; tested by its moments",
    "hvae_lessons.formulas.special_functions.expm1_minus": _BY_MEANING,
    "hvae_lessons.formulas.special_functions.kl_term": _BY_MEANING,
    "hvae_lessons.formulas.special_functions.log_quotient": _BY_MEANING,
}
