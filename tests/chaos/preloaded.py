"""Imported by the server that victims are forked from, before the first of them."""

from tests.chaos.victims import preload

preload()
