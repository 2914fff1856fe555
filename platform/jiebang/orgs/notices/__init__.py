"""Notices to people: on their page at once, by mail as they wish."""
