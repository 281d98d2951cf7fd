"""Every indicator of the catalogue a second time, in pandas, written from the formula texts."""
