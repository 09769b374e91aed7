"""One file per section of the report: from results to blocks."""
