"""The audit: what a forecaster does not see, what it must not see, and what it merely repeats."""
