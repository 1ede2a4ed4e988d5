"""Observation shaping: what a step put out, as the bounded text that the model reads."""
