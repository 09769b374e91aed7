"""Where to start with data: rules and measured figures."""
