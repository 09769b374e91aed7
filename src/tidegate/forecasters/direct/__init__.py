"""What the regressions share: the face, the pairs they learn from, ridge regression, the columns of trees."""
