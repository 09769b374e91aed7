"""Weights from and to other libraries, bit-equal there and back."""
