"""Recordings and other sequences into transcripts: many-to-many, unaligned, through CTC."""
