"""Workbooks as real people spoil them, each with its repaired twin and what must come back."""

from samples.spoiled.cases import HABITS, spoiled_cases
from samples.spoiled.good import SpoiledCase

__all__ = ["HABITS", "SpoiledCase", "spoiled_cases"]
