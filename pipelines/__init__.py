"""The steps a datum meets, in order; only the package flow knows the order."""
