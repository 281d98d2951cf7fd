"""The command line, a module a subject; `pipelines.__main__` puts them together."""
