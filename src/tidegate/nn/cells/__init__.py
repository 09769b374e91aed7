"""Recurrent cells: one step's equations each, as a pure function over named tensors."""
