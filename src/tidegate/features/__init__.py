"""What models read: windows and lags of the target, the calendar, covariates; arrays in, arrays out."""
