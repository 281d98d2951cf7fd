"""`python -m definitions check`: load everything, or print every mistake and exit with 1."""

import sys

from definitions.documents import DefinitionsInvalid
from definitions.loading import load_definitions


def main() -> int:
    """Check the definitions; the exit code is 0 when they can be used."""
    try:
        definitions = load_definitions()
    except DefinitionsInvalid as error:
        print(error)
        print(f"{len(error.mistakes)} mistakes: nothing starts until they are mended")
        return 1
    print(
        f"{len(definitions.forms)} forms, {len(definitions.code_lists)} code lists, "
        f"{len(definitions.indicators)} indicators, {len(definitions.rules)} rules, "
        f"{len(definitions.schemes)} schemes, {len(definitions.parameters)} parameters; "
        f"digest {definitions.digest[:16]}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
