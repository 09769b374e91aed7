"""From the data of one figure to one Altair chart."""
