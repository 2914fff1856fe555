"""The WSGI entry point: `waitress-serve wsgi:app`, `gunicorn wsgi:app`, `flask --app wsgi run`."""

from __future__ import annotations

from jiebang import memory
from jiebang.app import create_app

memory.settle()
app = create_app()
