"""Sequences into sequences of another length: an encoder, a decoder that looks back at it, and a search."""
