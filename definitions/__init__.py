"""What the federation decides, as data, and the small model that loads and cross-checks it."""

from definitions.catalogue import Definitions
from definitions.documents import DefinitionsInvalid
from definitions.loading import load_definitions
from definitions.periods import Period

__all__ = ["Definitions", "DefinitionsInvalid", "Period", "load_definitions"]
