"""What a web process must not carry, and how fast the first answer is."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from tests.processes import jiebang, run

HEAVY = ["torch", "transformers", "sentence_transformers", "scipy", "sklearn"]


def test_a_web_process_never_loads_torch(tmp_path: Path) -> None:
    out = run(
        """
        import json, sys
        from jiebang import config, schema
        from jiebang.app import create_app
        from jiebang.core.boards import Board
        from jiebang.db import Database
        from matching.documents import Kind
        from matching.filters import Attributes, Filter
        settings = config.load()
        settings.prepare_home()
        database = Database(settings.database_url)
        schema.create(database)
        app = create_app(settings, database)
        app.test_client().get("/")
        discovery = app.extensions["jiebang"].discovery
        engine = discovery.live.engine
        outcome = engine.prepare("压铸件气孔缺陷的机器视觉检测", "铝合金压铸件")
        discovery.live.catch_up()
        engine.apply(Kind.OUTCOME, [(1, outcome, Attributes())], [])
        query = engine.prepare("铝合金压铸件气孔缺陷检测", "")
        assert engine.search(query, Kind.OUTCOME, 5, Filter())
        with database.reading() as session:
            discovery.search_text(session, "铝合金压铸件气孔缺陷检测", Board.OUTCOME)
        print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
        """,
        JIEBANG_HOME=str(tmp_path),
    )
    loaded = set(json.loads(out.splitlines()[-1]))
    assert "faiss" in loaded, "the search ran"
    assert loaded.isdisjoint(HEAVY)


def test_help_is_instant() -> None:
    """In processor time: the machine may be busy with other things."""
    jiebang("--help")  # compiles what is new
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert jiebang("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 0.5


def test_help_loads_nothing_heavy() -> None:
    """The same without a clock: what `--help` imports."""
    out = run(
        """
        import sys
        from jiebang.cli import group
        try:
            group(["--help"])
        except SystemExit:
            pass
        print(" ".join(name for name in sys.modules if "." not in name))
        """
    )
    loaded = set(out.splitlines()[-1].split())
    assert loaded.isdisjoint({*HEAVY, "flask", "sqlalchemy", "alembic", "numpy", "faiss", "jieba"})
