"""Detectors of what is odd in recordings: forecast or reconstruct each step, then judge the errors."""
