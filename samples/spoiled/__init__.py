"""Workbooks as real people spoil them, each with its repaired twin and what must come back."""

from samples.spoiled.cases import SpoiledCase, spoiled_cases

__all__ = ["SpoiledCase", "spoiled_cases"]
