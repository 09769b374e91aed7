"""The exponential-smoothing recurrent network: levels and seasons of every series, learned with one global network."""
