"""What `train` and `run` know of each task: one module for each, named in the table."""
