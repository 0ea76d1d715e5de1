"""The engines: a module each, found by its name."""
