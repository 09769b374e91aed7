"""What the report of each task says: one module for each."""
