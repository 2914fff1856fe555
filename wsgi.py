"""The WSGI entry point: `waitress-serve wsgi:app`, `gunicorn wsgi:app`, `flask --app wsgi run`."""

from __future__ import annotations

from jiebang import process

process.settle()  # before numpy comes with the application

from jiebang.app import create_app  # noqa: E402

app = create_app()
