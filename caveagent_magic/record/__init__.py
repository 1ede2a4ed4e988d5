"""The record of a notebook: what was approved, signed, so that it can run again without a model."""
