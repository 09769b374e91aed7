"""Estimators tried out, one file for each: judged on what they never saw, beside a simple model."""
