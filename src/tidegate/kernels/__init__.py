"""Compiled arithmetic of recurrent layers on a CPU: what loads it, and the operations on tensors that it computes."""
