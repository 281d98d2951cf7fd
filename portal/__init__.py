"""The web app in which reporters, stewards, staff and administrators work."""
