"""Sequence estimators: the textbook arrangements of a recurrent network, with scikit-learn's face."""
