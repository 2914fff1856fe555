"""The command line as operators use it: Chinese, with exit codes that scripts can rely on."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from jiebang.core import audit, outbox
from jiebang.core.outbox import Job
from jiebang.core.permissions import SYSTEM
from jiebang.db import Database
from tests.processes import jiebang
from tests.server import free_port, serving

COMMANDS = [
    [],
    ["init"],
    ["serve"],
    ["worker"],
    ["doctor"],
    ["demo"],
    ["import"],
    ["match"],
    ["reindex"],
    ["suggest"],
    ["evaluate"],
    ["audit"],
    ["audit", "verify"],
]
ENGLISH = re.compile(r"Usage|Options:|Commands|Show |Error|Missing|Invalid|Try |default")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder that `init` has prepared."""
    folder = tmp_path / "数据 目录"
    assert jiebang("init", JIEBANG_HOME=str(folder)).returncode == 0
    return folder


@pytest.fixture
def data(home: Path) -> Iterator[Database]:
    """Its database."""
    opened = Database(f"sqlite:///{home}/jiebang.db")
    yield opened
    opened.dispose()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_chinese(command: list[str]) -> None:
    shown = jiebang(*command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("用法：")
    assert not ENGLISH.search(shown.stdout), shown.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        ["nothing"],
        ["init", "--nothing"],
        ["worker", "--once=1"],
        ["evaluate"],
        ["evaluate", "/nothing"],
        ["evaluate", ".", "--method", "magic"],
        ["audit", "nothing"],
        ["match", "--to", "need"],
        ["import", "nothing", "x.csv"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2_and_says_so_in_chinese(wrong: list[str], tmp_path: Path) -> None:
    shown = jiebang(*wrong, JIEBANG_HOME=str(tmp_path))
    assert shown.returncode == 2
    assert "错误：" in shown.stderr
    assert not ENGLISH.search(shown.stderr), shown.stderr


@pytest.mark.parametrize(
    "command", [["init"], ["serve"], ["worker", "--once"], ["audit", "verify"], ["reindex"]]
)
def test_wrong_settings_are_3_and_all_named(command: list[str]) -> None:
    shown = jiebang(*command, PORT="x", JIEBANG_MAIL="x")
    assert shown.returncode == 3
    assert "PORT：" in shown.stderr
    assert "JIEBANG_MAIL：" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    "command",
    [["serve"], ["worker", "--once"], ["audit", "verify"], ["reindex"], ["suggest", "--all"]],
)
def test_without_init_every_command_says_what_to_do(command: list[str], tmp_path: Path) -> None:
    shown = jiebang(*command, JIEBANG_HOME=str(tmp_path))
    assert shown.returncode == 3
    assert "jiebang init" in shown.stderr


def test_an_unreachable_database_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    shown = jiebang(
        "init",
        JIEBANG_HOME=str(tmp_path),
        JIEBANG_DATABASE_URL=f"postgresql://jb:geheim@127.0.0.1:{free_port()}/jb",
    )
    assert shown.returncode == 3
    assert "jb:***@127.0.0.1" in shown.stderr
    assert "geheim" not in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "jiebang.db").write_bytes(b"no database " * 1000)
    for command in (["init"], ["audit", "verify"]):
        shown = jiebang(*command, JIEBANG_HOME=str(tmp_path))
        assert shown.returncode == 3
        assert "Traceback" not in shown.stderr


def test_init_can_be_repeated_and_keeps_what_is_there(home: Path, data: Database) -> None:
    key = (home / "secret.key").read_bytes()
    with data.transaction() as session:
        audit.record(session, SYSTEM, "test.act", "thing", 1)
    again = jiebang("init", JIEBANG_HOME=str(home))
    assert again.returncode == 0
    assert "已是最新" in again.stdout
    assert (home / "secret.key").read_bytes() == key
    with data.reading() as session:
        assert session.get_one(audit.AuditHead, 1).last_id == 1


def test_init_on_postgresql(empty_url: str, tmp_path: Path) -> None:
    settings = {"JIEBANG_HOME": str(tmp_path / "home"), "JIEBANG_DATABASE_URL": empty_url}
    assert "已建立" in jiebang("init", **settings).stdout
    assert "已是最新" in jiebang("init", **settings).stdout
    assert jiebang("doctor", **settings).returncode == 0


def test_audit_verify(home: Path, data: Database) -> None:
    with data.transaction() as session:
        audit.record(session, SYSTEM, "test.act", "thing", 1)
    whole = jiebang("audit", "verify", JIEBANG_HOME=str(home))
    assert (whole.returncode, whole.stdout) == (0, "审计链完整：共 1 条记录。\n")
    with data.transaction() as session:
        session.execute(update(audit.AuditEntry).values(action="other"))
    broken = jiebang("audit", "verify", JIEBANG_HOME=str(home))
    assert broken.returncode == 1
    assert "审计记录 1 的内容被改动" in broken.stderr


def test_worker_once_does_what_is_due(home: Path, data: Database) -> None:
    with data.transaction() as session:
        outbox.enqueue(session, "unknown", {})
    done = jiebang("worker", "--once", JIEBANG_HOME=str(home))
    assert done.returncode == 0
    assert "完成 1 个任务" in done.stdout
    with data.reading() as session:
        assert session.scalars(select(Job)).one().error


def test_reindex_of_nothing(home: Path) -> None:
    done = jiebang("reindex", JIEBANG_HOME=str(home))
    assert done.returncode == 0
    assert "已重建 0 条" in done.stdout


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """Two queries, three texts, in BEIR layout."""
    folder = tmp_path / "graded"
    folder.mkdir()
    write_rows(
        folder / "corpus.jsonl",
        [
            {"_id": "a", "title": "铝合金压铸件气孔检测", "text": "用机器视觉检测压铸件表面气孔。"},
            {"_id": "b", "title": "水稻育种", "text": "高产抗病水稻新品种选育。"},
            {"_id": "c", "title": "锂电池回收", "text": "废旧锂电池正极材料再生。"},
        ],
    )
    write_rows(
        folder / "queries.jsonl",
        [{"_id": "1", "text": "压铸件气孔怎么检测"}, {"_id": "2", "text": "废旧锂电池材料再生"}],
    )
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t3\n1\tb\t0\n2\tc\t2\n")
    return folder


NAMES = ["method", "queries", "ndcg@10", "mrr@10", "recall@10", "recall@50", "ms_per_query"]


def test_evaluate_one_method_as_json(graded: Path) -> None:
    done = jiebang("evaluate", str(graded), "--json", "--method", "hybrid")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found)[: len(NAMES)] == NAMES
    assert found["ndcg@10_95"] == [1.0, 1.0]
    assert found["calibration"]["levels"].keys() == {"强", "较强", "弱", "无"}
    assert [each["grade"] for each in found["calibration"]["grades"]] == [1, 2]
    assert found["method"] == "hybrid"
    assert found["queries"] == 2
    assert found["ndcg@10"] == pytest.approx(1.0)


def test_evaluate_all_methods(graded: Path) -> None:
    found = json.loads(jiebang("evaluate", str(graded), "--json", "--rerank-only").stdout)
    assert [each["method"] for each in found] == ["hybrid", "dense", "lexical"]
    table = jiebang("evaluate", str(graded))
    assert table.returncode == 0
    assert [line.split()[0] for line in table.stdout.splitlines()[1:4]] == [
        "hybrid",
        "dense",
        "lexical",
    ]
    assert "排序参数" in table.stdout
    assert "P(评分 ≥ 2)" in table.stdout


def test_evaluate_asks_from_the_other_side(graded: Path) -> None:
    found = json.loads(jiebang("evaluate", str(graded), "--json", "--reverse").stdout)
    assert [each["queries"] > 0 for each in found] == [True, True, True]


def test_evaluate_without_data_fails_with_a_sentence(tmp_path: Path) -> None:
    done = jiebang("evaluate", str(tmp_path))
    assert done.returncode == 1
    assert "评测数据" in done.stderr


def test_serve_says_when_the_port_is_taken(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        shown = jiebang("serve", JIEBANG_HOME=str(home), PORT=str(port))
    assert shown.returncode == 3
    assert f"端口 {port} 已被占用" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_serve_announces_answers_works_and_stops(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        assert f"揭榜已启动：{server.url}/" in server.log.read_text("utf-8")
        with urllib.request.urlopen(server.url) as answer:
            assert answer.status == 200
            assert "Server" not in answer.headers or not answer.headers["Server"]
        opened = Database(f"sqlite:///{server.home}/jiebang.db")
        with opened.transaction() as session:
            outbox.enqueue(session, "unknown", {})
        deadline = time.monotonic() + 30
        error = None
        while error is None and time.monotonic() < deadline:
            time.sleep(0.1)
            with opened.reading() as session:
                error = session.scalars(select(Job.error)).one()
        opened.dispose()
        assert error is not None, "the worker in the server's process did not take the job"
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 15
        assert "已停止" in server.log.read_text("utf-8")


def test_serve_without_a_worker_leaves_jobs_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "home", JIEBANG_WORKER="0") as server:
        opened = Database(f"sqlite:///{server.home}/jiebang.db")
        with opened.transaction() as session:
            outbox.enqueue(session, "unknown", {})
        time.sleep(2)
        with opened.reading() as session:
            assert session.scalars(select(Job)).one().attempts == 0
        opened.dispose()


def test_ctrl_c_ends_the_server_without_a_traceback(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(60)  # the worker may take STOP_WITHIN for the job in hand
        assert "Traceback" not in server.log.read_text("utf-8")
