"""Gates, gradient flow and memory of a trained recurrent network."""
