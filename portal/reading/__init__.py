"""Typed reads for pages, each one query of sql/ on the connection of the person who looks."""
