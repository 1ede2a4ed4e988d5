"""Approved steps as ordinary cells, with the person's own cells that they build on: `%cave export`."""
