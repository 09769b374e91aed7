"""What a backtest proves: intervals of scores, tests of every pair and step, ranks, and the set of the best models."""
