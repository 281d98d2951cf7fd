"""The steps a datum meets, in order; only flow.py knows the order."""
