"""Forms and rules become Great Expectations suites; their results become findings by cell."""
