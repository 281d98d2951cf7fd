"""The handbook: everything the definitions say, as pages that people read and print."""

from pipelines.handbook.site import Site, build

__all__ = ["Site", "build"]
