"""`jiebang`: the command line. Commands live in `jiebang.commands`, one module each."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import click

from . import cli_texts, commands

cli_texts.install()  # before any command is made: some sentences are looked up then


class Commands(click.Group):
    """Finds commands by their modules, so that a new one needs no list."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in iter_modules(commands.__path__))
        return sorted(name.rstrip("_").replace("_", "-") for name in names)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        module = name.replace("-", "_")
        if module == "import":  # a word that no module can be named
            module = "import_"
        found: click.Command = import_module(f"{commands.__name__}.{module}").command
        _name_parts(found)
        return found


def _name_parts(command: click.Command) -> None:
    """Chinese words for the placeholders in the usage line."""
    command.options_metavar = "[选项]"
    if isinstance(command, click.Group):
        command.subcommand_metavar = "命令 [参数]…"
        for each in command.commands.values():
            _name_parts(each)


@click.command(
    cls=Commands,
    options_metavar="[选项]",
    subcommand_metavar="命令 [参数]…",
    help="揭榜：技术、采购、人才三条线的双向对接平台。",
    epilog="退出码：0 正常；1 发现问题或执行失败；2 用法错误；3 设置或环境不可用。",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="jiebang", prog_name="jiebang")
def group() -> None:
    """The root of all commands; its help is given above, in Chinese."""


def main() -> None:
    """The console script."""
    try:
        group(prog_name="jiebang")
    except Exception as error:
        from .config import SettingsError  # not before: it would slow `--help` down

        if not isinstance(error, SettingsError):
            raise
        refusal = commands.unusable_settings(error)
        refusal.show()
        raise SystemExit(refusal.exit_code) from error
