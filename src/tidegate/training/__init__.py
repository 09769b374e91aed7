"""The one training loop, and what surrounds it: settings, schedule, checkpoints, progress, threads."""
