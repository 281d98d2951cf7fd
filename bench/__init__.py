"""Benchmarks: this pipeline beside what a team would otherwise write, and beside the bare cost."""
