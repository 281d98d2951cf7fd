"""The assessment year as a process: stages, ratings, sampling, appeals, consequences. Pure.

Rules only: what may follow what, which ballots count, who is visited, what a result brings. The
tables are written by `warehouse`, the order of the work is known to `pipelines.flow`.
"""
