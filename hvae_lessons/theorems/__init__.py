"""Theorems about the package's functions; `hvae_lessons.proofs` finds every file of this folder."""
