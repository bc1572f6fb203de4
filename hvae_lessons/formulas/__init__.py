"""Formulas: tensors in, tensors out, one equation per function."""
